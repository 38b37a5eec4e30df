import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TOKEN_KEY } from "../../../src/engines/user-metadata.ts";
import { parseEngineEvent } from "../../../src/queue/engine-event.ts";

const NOTIFICATION = {
  state: "COMPLETED",
  version: "2012-09-25",
  jobId: "1111111111111-abcdef",
  pipelineId: "2222222222222-ghijkl",
  outputKeyPrefix: "films/a/r/1/",
  outputs: [{ id: "1", presetId: "1351620000001-200055", key: "hls-v288", status: "Complete", duration: 6, width: 400, height: 228 }],
  playlists: [{ name: "index-hls", format: "HLSv4", outputKeys: ["hls-v288"], status: "Complete" }],
  userMetadata: { [TOKEN_KEY]: "claim.1" },
};
const EVENT = {
  version: "0",
  source: "aws.mediaconvert",
  "detail-type": "MediaConvert Job State Change",
  detail: {
    timestamp: 1,
    jobId: "1111111111111-abcdef",
    status: "COMPLETE",
    userMetadata: { [TOKEN_KEY]: "claim.1" },
    outputGroupDetails: [],
  },
};
const inSns = (value: unknown): string => JSON.stringify({ Type: "Notification", Subject: "finished", Message: JSON.stringify(value) });

describe("a message of the events queue", () => {
  test.each([
    ["Elastic Transcoder's notification, JSON inside SNS's JSON", inSns(NOTIFICATION), "elastic-transcoder"],
    ["the same, delivered raw", JSON.stringify(NOTIFICATION), "elastic-transcoder"],
    ["MediaConvert's EventBridge event", JSON.stringify(EVENT), "mediaconvert"],
    ["the same, through SNS", inSns(EVENT), "mediaconvert"],
  ])("%s tells of a job that is complete", (_name, body, engine) => {
    expect(parseEngineEvent(body)).toMatchObject({ kind: "event", engine, remoteId: "1111111111111-abcdef", state: { kind: "complete" } });
  });

  test("carries the token of the submit", () => {
    expect(parseEngineEvent(JSON.stringify(EVENT))).toMatchObject({ token: "claim.1" });
    expect(parseEngineEvent(inSns(NOTIFICATION))).toMatchObject({ token: "claim.1" });
  });

  test.each([
    ["nothing", ""],
    ["no JSON", "{"],
    ["an SNS envelope around no JSON", JSON.stringify({ Type: "Notification", Message: "hello" })],
    ["an upload's event", JSON.stringify({ Records: [{ eventSource: "aws:s3" }] })],
    ["another service's event", JSON.stringify({ ...EVENT, source: "aws.s3" })],
    ["a status of a later year", JSON.stringify({ ...EVENT, detail: { ...EVENT.detail, status: "PONDERING" } })],
    ["a subscription to confirm", JSON.stringify({ Type: "SubscriptionConfirmation", Message: "x" })],
  ])("of %s is ignored, with a reason", (_name, body) => {
    expect(parseEngineEvent(body)).toMatchObject({ kind: "ignored", reason: expect.stringMatching(/./) });
  });

  test("of any JSON is read without an error", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(["event", "ignored"]).toContain(parseEngineEvent(JSON.stringify(value)).kind);
        expect(["event", "ignored"]).toContain(parseEngineEvent(inSns(value)).kind);
      }),
    );
  });
});
