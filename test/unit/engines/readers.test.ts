import { describe, expect, test } from "vitest";
import { decodeErrorCounter } from "../../../src/engines/ffmpeg/decode-errors.ts";
import type { EncodeProgress } from "../../../src/engines/ffmpeg/progress.ts";
import { progressReader } from "../../../src/engines/ffmpeg/progress.ts";

const read = (text: string): EncodeProgress[] => {
  const reports: EncodeProgress[] = [];
  const reader = progressReader((progress) => reports.push(progress));
  for (const line of text.split("\n")) reader(line);
  return reports;
};

describe("progressReader", () => {
  test("reports once for each block", () => {
    const blocks = [
      "frame=10\nfps=0.00\nout_time_us=333333\nout_time=00:00:00.333333\nspeed=   1x\nprogress=continue",
      "frame=60\nout_time_us=2000000\nspeed=2.5x\nprogress=end",
    ];
    expect(read(blocks.join("\n"))).toStrictEqual([
      { seconds: 0.333333, speed: 1 },
      { seconds: 2, speed: 2.5 },
    ]);
  });

  test("has no speed before the first figure and keeps the last known one", () => {
    expect(read("out_time_us=N/A\nspeed=N/A\nprogress=continue\nspeed=3x\nprogress=continue\nspeed=N/A\nprogress=end")).toStrictEqual([
      { seconds: 0 },
      { seconds: 0, speed: 3 },
      { seconds: 0, speed: 3 },
    ]);
  });

  test("is never before the beginning", () => {
    expect(read("out_time_us=-9223372036854775807\nprogress=continue")).toStrictEqual([{ seconds: 0 }]);
  });

  test("ignores lines that are no report", () => {
    expect(read("hello\n=\nout_time_us=\n\nprogress=end")).toStrictEqual([{ seconds: 0 }]);
  });
});

describe("decodeErrorCounter", () => {
  test("counts one damaged frame for each line that says so", () => {
    const counter = decodeErrorCounter();
    for (const line of [
      "[warning] source.bin: corrupt decoded frame in stream 0",
      "[error] Error while decoding stream #0:0: Invalid data found when processing input",
      "[vist#0:0/h264 @ 0x1] [error] Error submitting packet to decoder: Invalid data found",
      "[vist#0:0/h264 @ 0x1] [error] Decoding error: Invalid data found when processing input",
    ]) {
      counter.add(line);
    }
    expect(counter.count()).toBe(4);
  });

  test("takes damaged blocks for one frame when no frame is said to be damaged", () => {
    const counter = decodeErrorCounter();
    counter.add("[h264 @ 0x1] [error] error while decoding MB 20 16");
    counter.add("[h264 @ 0x1] [error] error while decoding MB 3 2, bytestream -5");
    expect(counter.count()).toBe(1);
    counter.add("[warning] source.bin: corrupt decoded frame in stream 0");
    counter.add("[error] Error while decoding stream #0:0: Invalid data found when processing input");
    expect(counter.count()).toBe(2);
  });

  test("counts nothing else", () => {
    const counter = decodeErrorCounter();
    for (const line of ["", "[h264 @ 0x1] [error] concealing 40 DC errors", "[warning] deprecated pixel format used"]) counter.add(line);
    expect(counter.count()).toBe(0);
  });
});
