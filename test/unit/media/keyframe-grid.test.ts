import { describe, expect, test } from "vitest";
import { rational } from "../../../src/domain/rational.ts";
import type { KeyframeGrid } from "../../../src/domain/source.ts";
import type { PicturePacket } from "../../../src/media/gop-stats.ts";
import { gopStats } from "../../../src/media/gop-stats.ts";
import { keyframeGrid } from "../../../src/media/keyframe-grid.ts";

const FPS = 25;

/** Packets in decode order I P B B, a keyframe every `gop` frames, times as ffprobe prints them. */
function packets(count: number, gop: number): PicturePacket[] {
  const printed = (seconds: number): number => Number(seconds.toFixed(6));
  return Array.from({ length: count }, (_, index) => {
    const start = index - (index % gop);
    const last = Math.min(start + gop, count) - 1;
    const inGop = index - start;
    const group = start + 1 + Math.floor((inGop - 1) / 3) * 3;
    const reordered = group + 2 > last ? index : index === group ? group + 2 : index - 1;
    return {
      ptsSeconds: printed((inGop === 0 ? index : reordered) / FPS),
      dtsSeconds: printed((index - 2) / FPS),
      durationSeconds: printed(1 / FPS),
      sizeBytes: inGop === 0 ? 5000 : 1000,
      isKeyframe: inGop === 0,
      offset: index * 5000,
    };
  });
}

function gridOf(list: readonly PicturePacket[], { hidden = 0, rate = rational(FPS) } = {}): KeyframeGrid {
  const stats = gopStats();
  for (let index = 0; index < hidden; index += 1) stats.addHidden();
  for (const packet of list) stats.add(packet);
  return keyframeGrid(stats.result(), rate);
}

const none = (reason: string): KeyframeGrid => ({ kind: "none", reason });
const changed = (list: readonly PicturePacket[], at: number, change: (packet: PicturePacket) => Partial<PicturePacket>): PicturePacket[] =>
  list.map((packet, index) => (index === at ? { ...packet, ...change(packet) } : packet));

const later = (list: readonly PicturePacket[], frames: number): PicturePacket[] =>
  list.map(({ ptsSeconds, dtsSeconds, ...packet }) => ({
    ...packet,
    ptsSeconds: ptsSeconds + frames / FPS,
    dtsSeconds: dtsSeconds + frames / FPS,
  }));

describe("keyframeGrid", () => {
  test("is constant for closed GOPs of one length and a shorter last one", () => {
    expect(gridOf(packets(330, 50))).toMatchObject({ kind: "constant", gopFrames: 50 });
  });

  test("is all frames for a single GOP", () => {
    expect(gridOf(packets(40, 50))).toMatchObject({ kind: "constant", gopFrames: 40 });
  });

  test("knows the peak over six seconds", () => {
    const list = packets(500, 50).map((packet, index) => (index >= 150 && index < 300 ? { ...packet, sizeBytes: 2000 } : packet));
    expect(gridOf(list)).toStrictEqual({ kind: "constant", gopFrames: 50, peakBps: 2000 * 8 * FPS });
  });

  test("is exact at 29.97 on any clock", () => {
    const rate = rational(30_000, 1001);
    const at = (clock: number, frame: number): number => Number((Math.round((frame * 1001 * clock) / 30_000) / clock).toFixed(6));
    const onClock = (clock: number): PicturePacket[] =>
      Array.from({ length: 300 }, (_, frame) => ({
        ptsSeconds: at(clock, frame),
        dtsSeconds: at(clock, frame),
        durationSeconds: at(clock, frame + 1) - at(clock, frame),
        sizeBytes: 1000,
        isKeyframe: frame % 60 === 0,
        offset: frame,
      }));
    expect(gridOf(onClock(30_000), { rate })).toMatchObject({ kind: "constant", gopFrames: 60 });
    expect(gridOf(onClock(90_000), { rate })).toMatchObject({ kind: "constant", gopFrames: 60 });
    expect(gridOf(onClock(600), { rate })).toStrictEqual(none("its frames are not evenly spaced"));
    expect(gridOf(onClock(1000), { rate })).toStrictEqual(none("its frames are not evenly spaced"));
  });

  test.each([
    ["an edit list hides some of its frames", gridOf(packets(100, 50), { hidden: 3 })],
    ["it does not begin with a keyframe", gridOf(packets(130, 50).slice(10))],
    ["it has no keyframe", gridOf([])],
    ["its GOPs are open", gridOf(changed(packets(100, 50), 51, ({ ptsSeconds }) => ({ ptsSeconds: ptsSeconds - 4 / FPS })))],
    ["its GOPs are open", gridOf(changed(packets(100, 50), 48, ({ ptsSeconds }) => ({ ptsSeconds: ptsSeconds + 6 / FPS })))],
    ["its keyframes are 2.0, 1.2, 2.0 s apart", gridOf([...packets(80, 50), ...later(packets(150, 50), 80)])],
    ["its frames are not evenly spaced", gridOf(packets(100, 50), { rate: rational(24) })],
    ["its frames are not evenly spaced", gridOf(changed(packets(100, 50), 99, () => ({ durationSeconds: 1 })))],
    ["its frames are not evenly spaced", gridOf(changed(packets(100, 50), 70, ({ dtsSeconds }) => ({ dtsSeconds: dtsSeconds - 0.01 })))],
  ] as const)("says: %s", (reason, grid) => {
    expect(grid).toStrictEqual(none(reason));
  });
});
