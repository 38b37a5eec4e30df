import { readdir } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { makeClip } from "../support/clips.ts";
import { closeCleanly } from "../support/close-cleanly.ts";
import { command } from "../support/command.ts";
import { childEnvironment, logged, MAIN } from "../support/daemon.ts";
import { runAtFailpoint } from "../support/failpoints.ts";
import { publishedAt } from "../support/published.ts";
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
