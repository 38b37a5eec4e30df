import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { Notice } from "../../../src/engines/elastic-transcoder/notice.ts";
import type { Notification } from "../../../src/notify/notification.ts";
import { notificationSchema } from "../../../src/notify/notification.ts";
import { createNotifier } from "../../../src/notify/notifier.ts";
import type { JobEvent } from "../../../src/pipeline/ports.ts";
import type { FailureRecord } from "../../../src/state/failures.ts";

const STARTED: JobEvent = { kind: "started", jobId: "j", bucket: "uploads", sourceKey: "film.mp4" };
const PUBLISHED = {
  ...({ kind: "published", jobId: "j", assetPath: "film", revision: "r1", set: "full", isFirst: false } as const),
  job: { id: "0".repeat(32), source: { bucket: "uploads", key: "film.mp4" }, metadata: { assetId: "42" } },
  asset: {
    engine: "mediaconvert",
    durationSeconds: 5.2,
    segmentSeconds: 6,
    renditions: [{ id: "v360", width: 640, height: 360 }, { id: "a-en" }],
  },
};
type Published = Extract<JobEvent, { kind: "published" }>;
const ENDED = { kind: "ended", jobId: "j", sourceKey: "film.mp4", durationSeconds: 1 } as const;
const source = { bucket: "uploads", key: "film.mp4" };
const RECORD: FailureRecord = {
  ladderd: 1,
  jobId: "j",
  messageId: "m",
  code: "source_corrupt",
  reason: "no frame",
  fault: "source",
  facts: {},
  fingerprint: "f",
  failures: 1,
  body: "{}",
  failedAt: "2026-01-02T03:04:05.678Z",
};

function told(act: (notifier: ReturnType<typeof createNotifier>) => void): readonly Notification[] {
  const pushed: Notification[] = [];
  act(createNotifier([{ push: (one) => void pushed.push(one), close: async () => {} }]));
  for (const one of pushed) notificationSchema.parse(one);
  return pushed;
}

const toldOf = (...events: readonly JobEvent[]): readonly Notification[] =>
  told((notifier) => {
    for (const event of [STARTED, ...events]) notifier.job(event);
  }).slice(1);

describe("the notifier", () => {
  test("tells that a job started", () => {
    expect(told((notifier) => notifier.job(STARTED))).toMatchObject([{ version: 1, event: "started", jobId: "j", source }]);
  });

  test.each<[string, Pick<Published, "set" | "isFirst">, readonly string[]]>([
    ["an early set at a new path", { set: "early", isFirst: true }, ["first-playable"]],
    ["the full set at a path that plays", { set: "full", isFirst: false }, ["published"]],
    ["the full set at a new path", { set: "full", isFirst: true }, ["first-playable", "published"]],
  ])("tells of %s", (_, change, events) => {
    const notifications = toldOf({ ...PUBLISHED, ...change });
    expect(notifications.map(({ event }) => event)).toEqual(events);
    expect(notifications[0]).toMatchObject({ source, assetPath: "film", revision: "r1" });
  });

  test("tells of a failed attempt, in one line", () => {
    const ended = { ...ENDED, outcome: "failed", code: "engine_failed", reason: "ffmpeg\nended" } as const;
    expect(toldOf(ended)).toMatchObject([{ event: "failed", code: "engine_failed", reason: expect.not.stringContaining("\n"), source }]);
  });

  test.each(["published", "duplicate", "released", "abandoned", "rejected"] as const)(
    "says nothing of an attempt's end as %s",
    (outcome) => {
      expect(toldOf({ ...ENDED, outcome })).toEqual([]);
    },
  );

  test("tells of a rejection when its record is durable, with the source of the job", () => {
    const notifications = told((notifier) => {
      notifier.job(STARTED);
      notifier.job({ ...ENDED, outcome: "rejected" });
      notifier.rejected(RECORD);
    });
    expect(notifications.slice(1)).toMatchObject([{ event: "rejected", jobId: "j", messageId: "m", code: "source_corrupt", source }]);
  });

  test("tells of a message that became no job", () => {
    const { jobId: _, ...record } = RECORD;
    expect(told((notifier) => notifier.rejected(record))).toMatchObject([{ event: "rejected", messageId: "m" }]);
  });
});

describe("the messages that Elastic Transcoder sent", () => {
  const pipelineId = "1111111111111-abcde1";
  const CUSTOM = {
    ...{ id: "1234567890123-abc123", name: "ours", container: "ts" },
    video: { codec: "H.264", bitrateBps: 1_000_000, maxWidth: 640, maxHeight: 360 },
  };
  function noticesOf(act: (notifier: ReturnType<typeof createNotifier>) => void): readonly Notice[] {
    const pushed: Notice[] = [];
    const outbox = { push: (one: Notice) => void pushed.push(one), close: async () => {} };
    const notifier = createNotifier([], { compat: { outbox, pipelineId, presets: [CUSTOM] } });
    notifier.job(STARTED);
    act(notifier);
    return pushed;
  }

  test("tell of a film that is published whole, in the shape that its subscribers parse", () => {
    const [notice, ...more] = noticesOf((notifier) => {
      notifier.job({ ...PUBLISHED, set: "early", isFirst: true });
      notifier.job(PUBLISHED);
    });
    expect(more).toEqual([]);
    expect(notice?.subject).toMatch(/^Amazon Elastic Transcoder has finished transcoding job \d{13}-[0-9a-z]{6}\.$/);
    expect(JSON.parse(notice?.message ?? "")).toEqual({
      state: "COMPLETED",
      version: "2012-09-25",
      jobId: expect.stringMatching(/^\d{13}-[0-9a-z]{6}$/),
      pipelineId,
      input: { key: "film.mp4" },
      inputCount: 1,
      outputKeyPrefix: "film/",
      outputs: [
        {
          id: "1",
          presetId: "1351620000001-200035",
          key: "r/r1/v360/index",
          segmentDuration: 6,
          status: "Complete",
          duration: 6,
          width: 640,
          height: 360,
        },
        { id: "2", presetId: "1351620000001-200060", key: "r/r1/a-en/index", segmentDuration: 6, status: "Complete", duration: 6 },
      ],
      playlists: ["HLSv4", "MPEG-DASH"].map((format) => ({
        ...{ name: "index", format, outputKeys: ["r/r1/v360/index", "r/r1/a-en/index"], status: "Complete" },
      })),
      userMetadata: { assetId: "42" },
    });
  });

  test("tell of a source that is given up, and of no message that named none", () => {
    const notices = noticesOf((notifier) => {
      notifier.rejected(RECORD);
      notifier.rejected({ ...RECORD, jobId: "another" });
    });
    expect(notices.map(({ message }) => JSON.parse(message))).toMatchObject([
      { state: "ERROR", errorCode: 4000, messageDetails: "no frame", input: { key: "film.mp4" }, pipelineId },
    ]);
  });

  test("name the presets that the job named, custom ones and those of MPEG-DASH as well", () => {
    const presets = ["1351620000001-500060", CUSTOM.id, "1351620000001-500050"];
    const [notice] = noticesOf((notifier) => notifier.job({ ...PUBLISHED, job: { ...PUBLISHED.job, presets } }));
    const { outputs } = z.object({ outputs: z.array(z.object({ presetId: z.string() })) }).parse(JSON.parse(notice?.message ?? ""));
    expect(outputs.map(({ presetId }) => presetId)).toEqual([CUSTOM.id, "1351620000001-500060"]);
  });

  test("name the outputs of the service itself as it was asked to call them, the sound as well", () => {
    const asset = { ...PUBLISHED.asset, engine: "elastic-transcoder" };
    const [notice] = noticesOf((notifier) => notifier.job({ ...PUBLISHED, asset }));
    const message: unknown = JSON.parse(notice?.message ?? "");
    expect(message).toMatchObject({ outputs: [{ key: "r/r1/hls-v360" }, { key: "r/r1/hls-a" }] });
  });

  test("name the keys that players know, where the film has them", () => {
    const outputKeys = [
      { preset: CUSTOM.id, key: "360p" },
      { preset: "1351620000001-200035", key: "1m" },
    ];
    const asset = { ...PUBLISHED.asset, keys: { "360p": "v360", "1m": "v360" } };
    const [notice] = noticesOf((notifier) => notifier.job({ ...PUBLISHED, asset, job: { ...PUBLISHED.job, outputKeys } }));
    const message: unknown = JSON.parse(notice?.message ?? "");
    expect(message).toMatchObject({
      outputKeyPrefix: "film/",
      outputs: [
        { id: "1", presetId: CUSTOM.id, key: "360p", width: 640 },
        { id: "2", presetId: "1351620000001-200035", key: "1m", width: 640 },
      ],
      playlists: [{ format: "HLSv4", outputKeys: ["360p", "1m"] }, { format: "MPEG-DASH" }],
    });
  });

  test("carry to a failure what its message said, by which subscribers know their film", () => {
    const body = JSON.stringify({ ladderd: 1, metadata: { assetId: "42" } });
    const [notice] = noticesOf((notifier) => notifier.rejected({ ...RECORD, body }));
    expect(JSON.parse(notice?.message ?? "")).toMatchObject({ state: "ERROR", userMetadata: { assetId: "42" } });
  });

  test("say nothing of subtitles that came later and were given up: the service knew none", () => {
    const notices = noticesOf((notifier) => {
      notifier.job({ ...STARTED, jobId: "t", sourceKey: "film.sv.srt" });
      notifier.rejected({ ...RECORD, jobId: "t" });
    });
    expect(notices).toEqual([]);
  });
});
