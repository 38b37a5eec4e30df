import { describe, expect, it } from "vitest";

import { describePlan, sizeLimit } from "../../../src/cli/plan.ts";
import { describeSource } from "../../../src/cli/probe.ts";
import { loadLadders } from "../../../src/config/ladders.ts";
import type { Ladder } from "../../../src/domain/ladder.ts";
import type { EncodePlan } from "../../../src/domain/encode-plan.ts";
import { planEncode } from "../../../src/domain/plan-encode.ts";
import { rational } from "../../../src/domain/rational.ts";
import type { Source, VideoTrack } from "../../../src/domain/source.ts";
import { aCopyableTrack, aSource } from "../../helpers/sources.ts";

const video: VideoTrack = {
  index: 0,
  codec: "h264",
  codedWidth: 1280,
  codedHeight: 720,
  rotation: 90,
  sampleAspect: rational(1),
  displayWidth: 720,
  displayHeight: 1280,
  displayAspect: rational(9, 16),
  frameRate: rational(30_000, 1001),
  variableFrameRate: true,
  interlaced: false,
  colour: { fullRange: false, matrix: "bt709" },
  pixelFormat: "yuv420p",
  startSeconds: 0,
  durationSeconds: 20,
  frameCount: 600,
  bitrateBps: 4_000_000,
};

const source: Source = {
  container: "mov,mp4,m4a,3gp,3g2,mj2",
  sizeBytes: 10_000_000,
  durationSeconds: 20,
  startSeconds: 0,
  video,
  audio: [
    {
      index: 1,
      codec: "aac",
      channels: 2,
      sampleRate: 44_100,
      language: "de",
      title: 'a"b',
      isDefault: true,
      startSeconds: 0,
      durationSeconds: 20,
    },
  ],
  text: [],
  ignored: ["stream 2: attached picture"],
  defects: [],
};

function shippedLadder(): Ladder {
  const ladder = loadLadders().get("h264");
  if (!ladder) throw new Error("config/ladders/h264.json is gone");
  return ladder;
}

describe("describePlan", () => {
  const plan = planEncode(source, shippedLadder());
  const text = (planned: EncodePlan): string => describePlan(planned, ["ffmpeg"]).join("\n");

  it("names every rendition, every dropped rung with its reason and an upper bound", () => {
    const lines = describePlan(plan, ["mediaconvert", "ffmpeg"]).join("\n");
    for (const { id } of [...plan.video, ...plan.audio]) expect(lines).toContain(id);
    for (const { shortSide, reason } of plan.dropped) expect(lines).toMatch(new RegExp(`not ${shortSide} .*${reason.slice(0, 8)}`));
    expect(lines).toContain("mediaconvert, else ffmpeg");
    expect(lines).toContain("estimate");
  });

  it("says that the source is copied, or why not", () => {
    expect(text(planEncode(source, shippedLadder()))).toMatch(/^not copied +it is turned by 90 degrees$/m);
    const copied = planEncode(aSource({ video: aCopyableTrack({ bitrateBps: 4_000_000 }) }), shippedLadder());
    expect(text(copied)).toMatch(/^v1080 +1920x1080, copied from the source, 4\.0 Mb\/s$/m);
    expect(text(copied)).not.toContain("not copied");
  });

  it("bounds the size by all caps for the whole duration", () => {
    const caps = plan.video.reduce((sum, { capBps }) => sum + capBps, 0) + 128_000;
    expect(sizeLimit(plan)).toBeCloseTo((caps / 8) * plan.timeline.durationSeconds * 1.02, -1);
  });
});

describe("describeSource", () => {
  it("says what a person would ask", () => {
    const text = describeSource(source).join("\n");
    expect(text).toMatch(/video +h264, 720x1280, 30000\/1001 fps \(variable\), yuv420p, rotated 90°, 4\.0 Mb\/s/);
    expect(text).toMatch(/audio +aac, 2 ch, 44100 Hz, de, "a\\"b"/);
    expect(text).toMatch(/ignored +stream 2/);
  });
});
