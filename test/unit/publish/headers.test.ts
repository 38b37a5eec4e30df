import { describe, expect, test } from "vitest";
import { immutableHeaders } from "../../../src/publish/headers.ts";

describe("the type of an object in a revision", () => {
  test.each([
    ["hls-v240.ts", "video/mp2t"],
    ["hls-v240_v4.m3u8", "application/vnd.apple.mpegurl"],
    ["dash-v360", "video/mp4"],
    ["dash-a", "video/mp4"],
    ["thumbnail-00001.png", "image/png"],
    ["v240/init.mp4", "video/mp4"],
    ["v240/dash-00001", "application/octet-stream"],
    ["unknown", "application/octet-stream"],
  ])("%s is %s", (name, contentType) => {
    expect(immutableHeaders(name).contentType).toBe(contentType);
  });
});
