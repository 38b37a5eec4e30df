import { readdir } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { makeClip } from "../support/clips.ts";
import { closeCleanly } from "../support/close-cleanly.ts";
import { command } from "../support/command.ts";
import type { Daemon } from "../support/daemon.ts";
import { childEnvironment, logged, MAIN, startDaemon } from "../support/daemon.ts";
import { runAtFailpoint } from "../support/failpoints.ts";
import { publishedAt } from "../support/published.ts";
import { makeQueue, send, untilEmpty } from "../support/queue.ts";
import type { Site } from "../support/site.ts";
import { openSite, QUIET_BUCKET, uploadFile } from "../support/site.ts";

/** Of three sizes, so that its content is measured as it is by default, and long enough for its segments to tell a fifth. */
const FILM = { size: "640x480", seconds: 60 } as const;
let site: Site;
/** All that a whole film uploads. */
let segmentCount: number;

beforeAll(async () => {
  site = await openSite("resume");
  await makeClip(site.path("film.mp4"), FILM);
  await uploadFile(site, site.path("film.mp4"), { bucket: QUIET_BUCKET, key: "film.mp4" });
  const { exitCode, stderr } = await command(process.execPath, [MAIN, "transcode", site.path("film.mp4"), "--out", site.path("whole")], {
    env: childEnvironment(site.daemonEnv("whole-work")),
  });
  if (exitCode !== 0) throw new Error(stderr);
  segmentCount = (await readdir(site.path("whole"), { recursive: true })).filter((name) => name.endsWith(".m4s")).length;
});
afterAll(() => closeCleanly(site, undefined));

const SEGMENT_SECONDS = 6;
const board = z.object({ running: z.array(z.object({ stage: z.string().optional(), fraction: z.number().optional() })) });
const resumed = z.object({ segments: z.number(), ofSegments: z.number() });

/** Lets a worker be killed after so many uploads; what share of the film the next one encoded. */
async function encodedAgain(assetPath: string, passing: number): Promise<number> {
  const failpoint = { name: "after-segment", passing, action: "kill" } as const;
  const body = { ladderd: 1, source: { bucket: QUIET_BUCKET, key: "film.mp4" }, assetPath };
  const { problems, children, folders, last } = await runAtFailpoint(site, { failpoint, assetPath, body });
  expect({ problems, children, folders }).toEqual({ problems: [], children: [], folders: [] });
  const { segments, ofSegments } = resumed.parse(logged(last, { msg: "job resumed" })[0]);
  const { estimate, durationSeconds } = await publishedAt(site, assetPath);
  expect({ basis: estimate.basis, durationSeconds }).toEqual({ basis: "content", durationSeconds: FILM.seconds });
  return (ofSegments - segments) / ofSegments;
}

test("a worker that is killed at four fifths leaves at most two fifths of the film to the next one", async () => {
  expect(await encodedAgain("four-fifths", Math.ceil(segmentCount * 0.8))).toBeLessThanOrEqual(0.4);
});

/** How far the worker says that the encode has come, asked until it is gone: 1 is what it says of a stage that ended, as well of one that was broken off. */
async function encodedShare({ url }: Daemon): Promise<number> {
  let share = 0;
  for (;;) {
    try {
      const { running } = board.parse(await (await fetch(`${url}/api/jobs`)).json());
      share = Math.max(share, ...running.map(({ stage, fraction = 0 }) => (stage === "encode" && fraction < 1 ? fraction : 0)));
    } catch {
      return share;
    }
    await sleep(20);
  }
}

test("workers that are told to go at once, one after the other, lose the chunk that runs and a segment each at the most", async () => {
  const chunkSegments = 2;
  const queueUrl = await makeQueue(site, "told", 8);
  await send(site, { ladderd: 1, source: { bucket: QUIET_BUCKET, key: "film.mp4" }, assetPath: "told" }, queueUrl);
  const lost: number[] = [];
  let share = 0;
  // As under a Spot notice: nothing is waited for.
  const settings = { LADDERD_DRAIN_SECONDS: "0", LADDERD_ENCODE_CHUNK_SEGMENTS: `${chunkSegments}`, LADDERD_ENCODE_PARALLEL_CHUNKS: "1" };
  for (const part of [0.3, 0.3, 0]) {
    const failpoint = part > 0 ? { FAILPOINT: `after-segment:${Math.ceil(segmentCount * part)}:term` } : {};
    // Each is another machine.
    await using daemon = await startDaemon({
      env: { ...site.daemonEnv(`told-${lost.length}`), LADDERD_QUEUE_URL: queueUrl, ...settings, ...failpoint },
    });
    const reached = encodedShare(daemon);
    await (part > 0 ? daemon.exited : untilEmpty(site, queueUrl, 280_000));
    const [line] = logged(daemon, { msg: "job resumed" });
    const { segments, ofSegments } = line ? resumed.parse(line) : { segments: 0, ofSegments: FILM.seconds / SEGMENT_SECONDS };
    lost.push(share * ofSegments - segments);
    if (part > 0) share = await reached;
  }
  expect(lost[0]).toBe(0);
  // The packager ends a segment when the next one begins, so that the last one before the chunk goes with it.
  for (const segments of lost) expect(segments, `segments lost: ${lost.join(", ")}`).toBeLessThanOrEqual(chunkSegments + 1);
  expect((await publishedAt(site, "told")).durationSeconds).toBe(FILM.seconds);
});
