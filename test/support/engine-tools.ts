import type { EmbeddedAws } from "../../src/cli/dev/embedded-aws.ts";
import { packagedPackager } from "../../src/config/paths.ts";

/** The programs of this machine that the fake engines work with. */
export const ENGINE_TOOLS = { ffmpeg: "ffmpeg", ffprobe: "ffprobe", packager: packagedPackager() } as const;

/** The region of an embedded AWS, and where it is. */
export const placeOf = ({ endpoint, env }: Pick<EmbeddedAws, "endpoint" | "env">) => ({
  endpoint,
  region: env["AWS_REGION"] ?? "us-east-1",
});
