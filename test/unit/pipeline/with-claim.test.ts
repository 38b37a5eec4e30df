import { describe, expect, test } from "vitest";
import { loadConfig } from "../../../src/config/load.ts";
import { EngineError, LeaseLostError, ShutdownError, SourceError } from "../../../src/domain/errors.ts";
import type { Claim, TakeClaim } from "../../../src/pipeline/ports.ts";
import { AlreadySubmitted } from "../../../src/pipeline/ports.ts";
import type { JobRun } from "../../../src/pipeline/run-job.ts";
import { withClaim } from "../../../src/pipeline/with-claim.ts";
import { NO_FENCES } from "../../../src/process/sandbox.ts";
import { memoryStore } from "../../helpers/memory-store.ts";
import { anAdmitted } from "../../helpers/remote-records.ts";

const JOB = { id: "job", source: { bucket: "uploads", key: "a.mp4" } };
const PUBLISHED = { outcome: "published", assetPath: "films/one" } as const;
const unused = (): never => {
  throw new Error("this is not asked for");
};

interface World {
  readonly run: JobRun;
  readonly claim: Claim;
  /** What was asked of message and claim, in order. */
  readonly log: string[];
  readonly lost: AbortController;
}

function aWorld(takeClaim?: TakeClaim): World {
  const log: string[] = [];
  const lost = new AbortController();
  const claim: Claim = {
    signal: lost.signal,
    check: () => void log.push("claim checked"),
    leave: async () => undefined,
    end: async (outcome) => void log.push(`ended ${outcome}`),
  };
  const run: JobRun = {
    deps: {
      sources: { head: unused, list: unused, download: unused },
      published: memoryStore(),
      ladders: new Map(),
      settings: loadConfig({ env: { NODE_ENV: "test" } }),
      tools: { ffmpegPath: "", ffprobePath: "", packagerPath: "", threads: 1, sandbox: NO_FENCES },
      takeClaim: takeClaim ?? (async () => claim),
      findKey: unused,
      report: () => undefined,
    },
    context: { signal: new AbortController().signal, messageId: "m", checkLease: () => void log.push("lease checked") },
    stage: async (_stage, work) => work(),
  };
  return { run, claim, log, lost };
}

const work = { job: JOB, admitted: anAdmitted() };

describe("work under a claim", () => {
  test("asks for the lease of its message and for the claim before a write, and ends the claim with what came of it", async () => {
    const { run, log, claim } = aWorld();
    const result = withClaim(work, run, async ({ context }) => {
      expect(context.signal).toBe(claim.signal);
      context.checkLease();
      return PUBLISHED;
    });
    await expect(result).resolves.toBe(PUBLISHED);
    expect(log).toEqual(["lease checked", "claim checked", "ended published"]);
  });

  test.each([
    ["rejected", new SourceError("source_empty", "empty")],
    ["failed", new EngineError("engine_failed", "exit 1")],
    ["released", new ShutdownError("stopping")],
    ["abandoned", new LeaseLostError("gone")],
    ["failed", new TypeError("a bug")],
  ])("ends its claim as %s, and throws, when it throws %o", async (outcome, error) => {
    const { run, log } = aWorld();
    await expect(withClaim(work, run, async () => Promise.reject(error))).rejects.toBe(error);
    expect(log).toEqual([`ended ${outcome}`]);
  });

  test("that ends because its claim is lost ends of that, whatever it throws", async () => {
    const { run, log, lost } = aWorld();
    const loss = new LeaseLostError("another attempt took this source over");
    const killed = withClaim(work, run, async () => {
      lost.abort(loss);
      throw new EngineError("engine_failed", "killed");
    });
    await expect(killed).rejects.toBe(loss);
    expect(log).toEqual(["ended abandoned"]);
  });

  test("is not begun while a service has the job: its message has nothing left to do", async () => {
    const { run } = aWorld(async () => Promise.reject(new AlreadySubmitted("a service works at this source")));
    await expect(withClaim(work, run, unused)).resolves.toEqual({ outcome: "duplicate", assetPath: work.admitted.assetPath });
  });
});
