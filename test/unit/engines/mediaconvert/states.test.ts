import { describe, expect, test } from "vitest";
import { classOfCode } from "../../../../src/engines/mediaconvert/errors.ts";
import { readEvent, readJob } from "../../../../src/engines/mediaconvert/states.ts";

const anEvent = (detail: Readonly<Record<string, unknown>>): unknown => ({
  version: "0",
  id: "e-1",
  source: "aws.mediaconvert",
  "detail-type": "MediaConvert Job State Change",
  account: "123456789012",
  time: "2026-11-23T04:00:00Z",
  region: "us-east-1",
  resources: ["arn:aws:mediaconvert:us-east-1:123456789012:jobs/1-a"],
  detail: {
    timestamp: 1_795_406_400_000,
    accountId: "123456789012",
    queue: "arn:aws:mediaconvert:us-east-1:123456789012:queues/Default",
    jobId: "1-a",
    userMetadata: { "ladderd-token": "claim.1", assetId: "42" },
    ...detail,
  },
});

describe("an EventBridge event of MediaConvert", () => {
  test.each([
    [{ status: "SUBMITTED" }, { kind: "submitted" }],
    [{ status: "QUEUE_HOP", previousQueue: "a", newQueue: "b" }, { kind: "submitted" }],
    [
      { status: "INPUT_INFORMATION", inputDetails: [] },
      { kind: "progressing", percent: 0 },
    ],
    [{ status: "PROGRESSING" }, { kind: "progressing", percent: 0 }],
    [
      {
        status: "STATUS_UPDATE",
        framesDecoded: 300,
        jobProgress: { phaseProgress: {}, jobPercentComplete: 41, currentPhase: "TRANSCODING", retryCount: 0 },
      },
      { kind: "progressing", percent: 41 },
    ],
    [
      { status: "NEW_WARNING", warningCode: "240000" },
      { kind: "progressing", percent: 0 },
    ],
    [{ status: "CANCELED" }, { kind: "canceled" }],
    [
      { status: "ERROR", errorCode: 1432, errorMessage: "cannot assume the role" },
      { kind: "failed", failure: { code: "1432", message: "cannot assume the role", class: "role" } },
    ],
    [{ status: "ERROR" }, { kind: "failed", failure: { code: "unknown", message: "the service gave no reason", class: "service" } }],
  ])("%j is %j", (detail, state) => {
    expect(readEvent(anEvent(detail))).toStrictEqual({ id: "1-a", token: "claim.1", status: detail.status, state });
  });

  test("tells the playlists, durations and warnings of a completion, and bears what CMAF leaves out", () => {
    const report = readEvent(
      anEvent({
        status: "COMPLETE",
        paddingInserted: 0,
        blackVideoDetected: 0,
        warnings: [{ code: 240000, count: 2 }, { code: "270000" }],
        outputGroupDetails: [
          {
            type: "CMAF_GROUP",
            playlistFilePaths: ["s3://p/a/r/1/index.m3u8", "s3://p/a/r/1/index.mpd"],
            outputDetails: [
              { durationInMs: 20_000, videoDetails: { widthInPx: 1280, heightInPx: 720, qvbrAvgQuality: 7.3 } },
              { durationInMs: 20_010, videoDetails: null },
              { durationInMs: null },
            ],
          },
        ],
      }),
    );
    expect(report?.state).toStrictEqual({
      kind: "complete",
      outputs: {
        playlists: ["s3://p/a/r/1/index.m3u8", "s3://p/a/r/1/index.mpd"],
        renditions: [{ durationSeconds: 20, width: 1280, height: 720 }, { durationSeconds: 20.01 }, {}],
        warnings: ["240000 (2 times)", "270000"],
      },
    });
  });

  test.each([
    ["no details at all", {}],
    ["details of another shape", { outputGroupDetails: "none", warnings: [{ count: 1 }] }],
  ])("is a completion even with %s", (_, detail) => {
    expect(readEvent(anEvent({ status: "COMPLETE", ...detail }))?.state).toMatchObject({ kind: "complete", outputs: { playlists: [] } });
  });

  test("moves nothing when its status is one that nobody has met", () => {
    expect(readEvent(anEvent({ status: "PAUSED" }))).toStrictEqual({ id: "1-a", token: "claim.1", status: "PAUSED" });
  });

  test("has no token when the job is not ours", () => {
    expect(readEvent(anEvent({ status: "CANCELED", userMetadata: null }))).toStrictEqual({
      id: "1-a",
      status: "CANCELED",
      state: { kind: "canceled" },
    });
  });

  test.each([undefined, "text", {}, { source: "aws.s3", "detail-type": "Object Created", detail: {} }])("is not what %j is", (value) => {
    expect(readEvent(value)).toBeUndefined();
  });
});

describe("GetJob's answer", () => {
  test.each([
    [{ Status: "SUBMITTED" }, { kind: "submitted" }],
    [
      { Status: "PROGRESSING", JobPercentComplete: 12 },
      { kind: "progressing", percent: 12 },
    ],
    [{ Status: "PROGRESSING" }, { kind: "progressing", percent: 0 }],
    [{ Status: "CANCELED" }, { kind: "canceled" }],
    [
      { Status: "ERROR", ErrorCode: 1040, ErrorMessage: "settings" },
      { kind: "failed", failure: { code: "1040", message: "settings", class: "source" } },
    ],
    [
      {
        Status: "COMPLETE",
        OutputGroupDetails: [{ OutputDetails: [{ DurationInMs: 6000, VideoDetails: { WidthInPx: 426, HeightInPx: 240 } }] }],
      },
      { kind: "complete", outputs: { playlists: [], renditions: [{ durationSeconds: 6, width: 426, height: 240 }], warnings: [] } },
    ],
    [{ Status: "COMPLETE" }, { kind: "complete", outputs: { playlists: [], renditions: [], warnings: [] } }],
  ])("%j is %j", (job, state) => {
    expect(readJob({ Id: "1-a", Role: "r", ...job, UserMetadata: { "ladderd-token": "claim.1" } })).toStrictEqual({
      id: "1-a",
      token: "claim.1",
      status: job.Status,
      state,
    });
  });

  test("without an id is no answer", () => {
    expect(readJob({ Status: "COMPLETE" })).toBeUndefined();
  });
});

describe("a job's error code", () => {
  test.each([
    [1010, "source"],
    [1030, "source"],
    [1042, "source"],
    [1050, "retry"],
    [1076, "retry"],
    [1401, "role"],
    [1404, "source"],
    [1433, "role"],
    [1507, "retry"],
    [1515, "role"],
    [1550, "retry"],
    [1999, "service"],
    [3403, "role"],
    [3404, "source"],
    [3429, "retry"],
    [9, "service"],
  ])("%i is of class %s", (code, failureClass) => {
    expect(classOfCode(code)).toBe(failureClass);
  });
});
