import { describe, expect, test } from "vitest";
import type { Notification } from "../../../src/notify/notification.ts";
import { notificationSchema } from "../../../src/notify/notification.ts";
import { createNotifier } from "../../../src/notify/notifier.ts";
import type { JobEvent } from "../../../src/pipeline/ports.ts";
import type { FailureRecord } from "../../../src/state/failures.ts";

const STARTED: JobEvent = { kind: "started", jobId: "j", bucket: "uploads", sourceKey: "film.mp4" };
const PUBLISHED = { kind: "published", jobId: "j", assetPath: "film", revision: "r1", set: "full", isFirst: false } as const;
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
