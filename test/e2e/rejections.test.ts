import { readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeClip } from "../support/clips.ts";
import { closeCleanly } from "../support/close-cleanly.ts";
import { mustRun } from "../support/command.ts";
import type { Daemon } from "../support/daemon.ts";
import { logged, startDaemon } from "../support/daemon.ts";
import { metricsOf } from "../support/metrics.ts";
import type { Failure } from "../support/published.ts";
import { failuresOf, keysOf, publishedAt } from "../support/published.ts";
import { countOf, drainQueue, send, untilEmpty } from "../support/queue.ts";
import type { Site } from "../support/site.ts";
import { openSite, uploadFile } from "../support/site.ts";
import { until } from "../support/until.ts";

/** What goes into the queue, by the code it must be rejected with; the mark is in its message and nowhere else. */
interface Case {
  readonly code: string;
  readonly what: string;
  readonly mark: string;
  readonly order: (mark: string) => Promise<unknown>;
}

let site: Site;
let daemon: Daemon;
let failures: readonly Failure[] = [];
let copies: Awaited<ReturnType<typeof drainQueue>> = [];

/** Uploads what `make` writes; the event follows by itself. */
const uploaded =
  (make: (path: string) => Promise<unknown>) =>
  async (mark: string): Promise<void> => {
    const path = site.path(mark);
    await make(path);
    await uploadFile(site, path, { key: mark });
  };
const generated = (...args: readonly string[]) => uploaded((path) => mustRun("ffmpeg", ["-v", "error", "-y", ...args, path]));
const job = (source: object, wishes: object = {}) => send(site, { ladderd: 1, source, ...wishes });

const CASES: readonly Case[] = [
  {
    code: "source_not_media",
    what: "bad input 40: a text",
    mark: "text.mp4",
    order: uploaded((path) => writeFile(path, "no film at all\n".repeat(500))),
  },
  {
    code: "source_empty",
    what: "bad input 30: an object without bytes",
    mark: "nothing.mp4",
    order: uploaded((path) => writeFile(path, "")),
  },
  {
    code: "source_truncated",
    what: "the first half of a film whose index is in front",
    mark: "half.mp4",
    order: uploaded(async (path) => {
      const whole = await readFile(site.path("good.mp4"));
      await writeFile(path, whole.subarray(0, whole.length / 2));
    }),
  },
  {
    code: "source_playlist",
    what: "a playlist",
    mark: "playlist.mp4",
    order: uploaded((path) => writeFile(path, "#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\n/etc/passwd\n#EXT-X-ENDLIST\n")),
  },
  {
    code: "source_not_found",
    what: "bad input 33: an object that is not there",
    mark: "gone.mp4",
    order: (mark) => job({ bucket: "uploads", key: mark }),
  },
  { code: "job_malformed", what: "a body that is no JSON", mark: "{broken", order: (mark) => send(site, mark) },
  {
    code: "job_bucket_not_allowed",
    what: "a bucket that is not on the list",
    mark: "foreign-bucket",
    order: (mark) => job({ bucket: mark, key: "good.mp4" }),
  },
  {
    code: "job_unknown_ladder",
    what: "a ladder that nobody knows",
    mark: "no-such-ladder",
    order: (mark) => job({ bucket: "uploads", key: "good.mp4" }, { ladder: mark }),
  },
  {
    code: "source_codec",
    what: "a codec that is not on the list",
    mark: "exotic.mkv",
    order: generated("-f", "lavfi", "-i", "testsrc2=size=320x180:duration=1", "-c:v", "ffv1"),
  },
  {
    code: "source_no_video",
    what: "nothing but subtitles",
    mark: "subtitles.mkv",
    order: async (mark) => {
      await writeFile(site.path("lines.srt"), "1\n00:00:00,000 --> 00:00:02,000\nHello\n");
      await generated("-i", site.path("lines.srt"))(mark);
    },
  },
];

beforeAll(async () => {
  site = await openSite("rejections");
  await makeClip(site.path("good.mp4"), { size: "320x180", seconds: 2 });
  daemon = await startDaemon({ env: site.daemonEnv("work") });
  for (const { mark, order } of CASES) await order(mark);
  await uploadFile(site, site.path("good.mp4"), { key: "good.mp4" });
  await until("every rejection has its record", async () => {
    failures = await failuresOf(site);
    return failures.length >= CASES.length ? true : undefined;
  });
  await publishedAt(site, "good");
  await untilEmpty(site);
  copies = await drainQueue(site, site.aws.deadLetterQueueUrl);
});

afterAll(() => closeCleanly(site, daemon));

describe.each(CASES)("$what", ({ code, mark }) => {
  it(`is rejected as ${code}, with a record that says so`, () => {
    const own = failures.filter(({ body }) => body.includes(mark));
    const record = { code, failures: 1, key: expect.stringMatching(/^failures\/[\w-]+\.json$/), reason: expect.stringMatching(/\w/) };
    expect(own).toMatchObject([record]);
  });

  it("has one copy in the dead-letter queue that says why", () => {
    const own = copies.filter(({ Body = "" }) => Body.includes(mark));
    expect(own.map(({ MessageAttributes }) => MessageAttributes?.["code"]?.StringValue)).toEqual([code]);
    expect(own[0]?.MessageAttributes?.["reason"]?.StringValue).toBe(failures.find(({ body }) => body.includes(mark))?.reason);
  });

  it("was received once", () => {
    const settled = logged(daemon, { msg: "message settled", code });
    expect(settled.map(({ attempt, outcome }) => ({ attempt, outcome }))).toEqual([{ attempt: 1, outcome: "rejected" }]);
  });
});

describe("the queue behind rejected messages", () => {
  it("is empty, with the good job published once", async () => {
    expect(await countOf(site)).toEqual({ visible: 0, hidden: 0 });
    expect(copies).toHaveLength(CASES.length);
    expect(logged(daemon, { msg: "message settled", outcome: "published" })).toHaveLength(1);
  });

  it("was received from once a message, as the metrics say", async () => {
    const metrics = await metricsOf(daemon.url);
    expect(metrics.get('ladderd_messages_settled_total{outcome="rejected"}')).toBe(CASES.length);
    expect(metrics.get("ladderd_message_receive_count_count")).toBe(CASES.length + 1);
    expect(metrics.get("ladderd_message_receive_count_sum")).toBe(CASES.length + 1);
  });

  it("left nothing published but the good job", async () => {
    const paths = new Set((await keysOf(site, "")).map((key) => key.split("/")[0]));
    expect([...paths]).toEqual(["good"]);
  });
});
