import { describe, expect, test } from "vitest";
import { loadConfig } from "../../../src/config/load.ts";
import { laddersInForce } from "../../../src/config/ladders.ts";
import type { Job } from "../../../src/domain/job.ts";
import { admit } from "../../../src/pipeline/admit.ts";
import type { PipelineDeps } from "../../../src/pipeline/deps.ts";
import { parseMessage } from "../../../src/queue/envelope.ts";
import { keyFinder } from "../../../src/keys/find-key.ts";
import { unshared } from "../../../src/state/claims.ts";
import { memoryStore } from "../../helpers/memory-store.ts";
import { aRecord, RULES, s3Message } from "../queue/messages.ts";

const TOOLS = {
  ffmpegPath: "",
  ffprobePath: "",
  packagerPath: "",
  threads: 1,
  sandbox: { ownFiles: true, noNetwork: true, diesWithParent: true, limits: true },
};
const MAX_BYTES = 1000;

/** The job of an event that says its object has `eventBytes`, judged where HEAD says `headBytes`; no byte may be fetched. */
async function admitted(eventBytes: number, headBytes: number) {
  const [entry] = parseMessage(s3Message(aRecord({ size: eventBytes })), RULES).entries;
  if (entry?.kind !== "job" || !("source" in entry.job)) throw new TypeError("the event is a job");
  const job: Job = entry.job;
  const config = loadConfig({ env: {} });
  const deps: PipelineDeps = {
    sources: {
      head: async (ref) => ({ ref, etag: "e", sizeBytes: headBytes, lastModified: "2026-11-20T10:00:00Z" }),
      list: async () => [],
      download: async () => Promise.reject(new Error("nothing may be fetched yet")),
    },
    published: memoryStore(),
    ladders: laddersInForce(config),
    settings: { ...config, limits: { ...config.limits, maxSourceBytes: MAX_BYTES } },
    tools: TOOLS,
    takeClaim: unshared,
    findKey: keyFinder(config.environmentSecret),
    report: () => {},
  };
  return admit(job, deps, { signal: new AbortController().signal, checkLease: () => {}, messageId: "m" });
}

describe("before a byte of a source is fetched", () => {
  test("bad input 30: an object without bytes is refused, whatever its event said", async () => {
    await expect(admitted(500, 0)).rejects.toMatchObject({ code: "source_empty", disposition: "reject" });
  });

  test("bad input 31: an object above limits.maxSourceBytes is refused", async () => {
    await expect(admitted(500, MAX_BYTES + 1)).rejects.toMatchObject({ code: "source_too_large", disposition: "reject" });
  });

  test("bad input 32: the size that S3 says counts, not the event's", async () => {
    await expect(admitted(MAX_BYTES + 1, MAX_BYTES)).resolves.toMatchObject({ kind: "admitted", object: { sizeBytes: MAX_BYTES } });
    await expect(admitted(0, 10)).resolves.toMatchObject({ kind: "admitted", object: { sizeBytes: 10 } });
  });
});
