import type { EmbeddedAws } from "../../src/cli/dev/embedded-aws.ts";
import type { FakeMediaConvert, FakeMediaConvertOptions } from "../../src/cli/dev/engines/mediaconvert/service.ts";
import { startFakeMediaConvert } from "../../src/cli/dev/engines/mediaconvert/service.ts";
import { ENGINE_TOOLS, placeOf } from "./engine-tools.ts";

/** A MediaConvert that reads from and writes to this embedded AWS with the programs of this machine. */
export const startTestMediaConvert = (
  aws: Pick<EmbeddedAws, "endpoint" | "env">,
  options: Partial<FakeMediaConvertOptions> = {},
): Promise<FakeMediaConvert> => startFakeMediaConvert({ aws: placeOf(aws), tools: ENGINE_TOOLS, ...options });
