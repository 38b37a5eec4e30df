import { describe, expect, test } from "vitest";
import { ConfigError } from "../../../src/config/config-error.ts";
import type { EngineName } from "../../../src/domain/job.ts";
import { createEngineDesk } from "../../../src/engines/desk.ts";
import type { RemoteEngineName } from "../../../src/engines/remote.ts";
import { RemoteEngineError } from "../../../src/engines/remote.ts";
import { checkEngines } from "../../../src/lifecycle/check-engines.ts";
import { createLogger } from "../../../src/telemetry/logger.ts";

const { signal } = new AbortController();
const SETTINGS = { failures: 5, openSeconds: 60, maximumOpenSeconds: 600 };

/** A start with these engines, of which those named do not answer. */
async function started(order: readonly EngineName[], dead: readonly RemoteEngineName[]) {
  const lines: string[] = [];
  const logger = createLogger({ level: "info", pretty: false, destination: { write: (line) => lines.push(line) } });
  const desk = createEngineDesk({ order, settings: SETTINGS, nowMs: () => 0 });
  const engines = order.flatMap((name) => (name === "ffmpeg" ? [] : [{ name, check: async () => answer(name, dead) }]));
  await checkEngines({ order, engines, desk, logger }, signal);
  return { desk, lines };
}

function answer(engine: RemoteEngineName, dead: readonly RemoteEngineName[]): void {
  if (dead.includes(engine)) throw new RemoteEngineError(`${engine} does not answer`, { engine, failureClass: "service" });
}

describe("the engines at start", () => {
  test("bad input 72: elastic-transcoder alone and dead is refused, with where its users go", async () => {
    const error = await started(["elastic-transcoder"], ["elastic-transcoder"]).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigError);
    expect(String(error)).toContain("ended on 2025-11-13");
  });

  test("bad input 72: one that is dead beside another is warned of once, and its circuit is open", async () => {
    const { desk, lines } = await started(["elastic-transcoder", "mediaconvert", "ffmpeg"], ["elastic-transcoder"]);
    expect(desk.circuits()).toStrictEqual(
      new Map([
        ["elastic-transcoder", "open"],
        ["mediaconvert", "closed"],
      ]),
    );
    expect(lines.filter((line) => line.includes("does not answer; the next one"))).toHaveLength(1);
  });
});
