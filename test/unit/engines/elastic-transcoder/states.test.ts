import { describe, expect, test } from "vitest";
import { classOfCode } from "../../../../src/engines/elastic-transcoder/errors.ts";
import { readJob, readNotification } from "../../../../src/engines/elastic-transcoder/states.ts";

const aNotification = (changes: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> => ({
  state: "COMPLETED",
  version: "2012-09-25",
  jobId: "1111111111111-abcdef",
  pipelineId: "2222222222222-ghijkl",
  input: { key: "in/a.mp4" },
  inputCount: 1,
  outputKeyPrefix: "hls/a/",
  outputs: [
    {
      id: "1",
      presetId: "1351620000001-200055",
      key: "400k",
      segmentDuration: 10.0,
      status: "Complete",
      duration: 6,
      width: 400,
      height: 228,
    },
  ],
  playlists: [{ name: "index", format: "HLSv4", outputKeys: ["400k"], status: "Complete" }],
  userMetadata: { "ladderd-token": "claim.1" },
  ...changes,
});
const inEnvelope = (message: string): unknown => ({
  Type: "Notification",
  MessageId: "m-1",
  TopicArn: "arn:aws:sns:us-east-1:123456789012:transcoded",
  Subject: "Amazon Elastic Transcoder has finished transcoding job 1111111111111-abcdef.",
  Message: message,
  Timestamp: "2020-01-01T00:00:00.000Z",
});
const COMPLETE = {
  kind: "complete",
  outputs: {
    playlists: ["hls/a/index.m3u8"],
    renditions: [{ name: "hls/a/400k", durationSeconds: 6, width: 400, height: 228 }],
    warnings: [],
  },
};

describe("a notification of Elastic Transcoder", () => {
  test.each([
    ["inside its envelope, encoded twice", inEnvelope(JSON.stringify(aNotification()))],
    ["delivered raw", aNotification()],
    ["of before 2017, without an input count", aNotification({ inputCount: undefined })],
  ])("is read %s", (_, value) => {
    expect(readNotification(value)).toStrictEqual({ id: "1111111111111-abcdef", token: "claim.1", status: "COMPLETED", state: COMPLETE });
  });

  test.each([
    ["a number", 4000],
    ["a text", "4000"],
  ])("is a failure whose code is %s", (_, errorCode) => {
    const state = readNotification(aNotification({ state: "ERROR", errorCode, messageDetails: "could not interpret the file" }))?.state;
    expect(state).toStrictEqual({ kind: "failed", failure: { code: "4000", message: "could not interpret the file", class: "source" } });
  });

  test("is a failure whose code stands only in an output's detail", () => {
    const outputs = [
      { id: "1", key: "a", status: "Complete" },
      { id: "2", key: "b", status: "Error", statusDetail: "3004 1b2c: no permission to write" },
    ];
    const state = readNotification(aNotification({ state: "ERROR", outputs }))?.state;
    expect(state).toMatchObject({ kind: "failed", failure: { code: "3004", class: "role" } });
  });

  test("is a failure even when it says nothing else", () => {
    const state = readNotification(aNotification({ state: "ERROR", outputs: undefined, playlists: undefined }))?.state;
    expect(state).toStrictEqual({ kind: "failed", failure: { code: "unknown", message: "the service gave no reason", class: "service" } });
  });

  test("counts the outputs that are done, and ends nothing for a warning", () => {
    const outputs = [{ status: "Complete" }, { status: "Progressing" }, { status: "Warning" }, {}];
    for (const state of ["PROGRESSING", "WARNING"])
      expect(readNotification(aNotification({ state, outputs }))?.state).toStrictEqual({ kind: "progressing", percent: 25 });
  });

  test("moves nothing when its state is one that nobody has met, and has no token when the job is not ours", () => {
    expect(readNotification(aNotification({ state: "PAUSED", userMetadata: undefined }))).toStrictEqual({
      id: "1111111111111-abcdef",
      status: "PAUSED",
    });
  });

  test.each([
    ["an envelope with other text", inEnvelope("hello")],
    ["an envelope with other JSON", inEnvelope('{"Records":[]}')],
    ["a job id that is none", aNotification({ jobId: "../../x" })],
    ["nothing", undefined],
  ])("is not what has %s", (_, value) => {
    expect(readNotification(value)).toBeUndefined();
  });
});

describe("ReadJob's answer", () => {
  const aJob = (changes: Readonly<Record<string, unknown>>): unknown => ({
    Id: "1111111111111-abcdef",
    PipelineId: "2222222222222-ghijkl",
    OutputKeyPrefix: "hls/a/",
    Outputs: [{ Id: "1", Key: "400k", Status: "Complete", Duration: 6, DurationMillis: 5960, Width: 400, Height: 228 }],
    Playlists: [{ Name: "index", Format: "MPEG-DASH", OutputKeys: ["400k"], Status: "Complete" }],
    UserMetadata: { "ladderd-token": "claim.1" },
    ...changes,
  });

  test("tells a completed job with exact durations and the playlist's extension", () => {
    expect(readJob(aJob({ Status: "Complete" }))).toStrictEqual({
      id: "1111111111111-abcdef",
      token: "claim.1",
      status: "Complete",
      state: {
        kind: "complete",
        outputs: {
          playlists: ["hls/a/index.mpd"],
          renditions: [{ name: "hls/a/400k", durationSeconds: 5.96, width: 400, height: 228 }],
          warnings: [],
        },
      },
    });
  });

  test.each([
    ["Submitted", { kind: "submitted" }],
    ["Progressing", { kind: "progressing", percent: 100 }],
    ["Canceled", { kind: "canceled" }],
  ])("of a job that is %s is %j", (Status, state) => {
    expect(readJob(aJob({ Status }))?.state).toStrictEqual(state);
  });

  test("of a job whose playlist failed is a failure", () => {
    const Playlists = [{ Name: "index", Format: "HLSv4", Status: "Error", StatusDetail: "1001 depends on a failed output" }];
    expect(readJob(aJob({ Status: "Error", Playlists }))?.state).toMatchObject({ kind: "failed", failure: { code: "1001" } });
  });

  test("without an id is no answer", () => {
    expect(readJob({ Status: "Complete" })).toBeUndefined();
  });
});

describe("a job's error code", () => {
  test.each([
    [1000, "source"],
    [2000, "role"],
    [3000, "retry"],
    [3001, "source"],
    [3002, "retry"],
    [3003, "role"],
    [3006, "role"],
    [4000, "source"],
    [4007, "service"],
    [4015, "source"],
    [4106, "source"],
    [9999, "service"],
    [5, "service"],
  ])("%i is of class %s", (code, failureClass) => {
    expect(classOfCode(code)).toBe(failureClass);
  });
});
