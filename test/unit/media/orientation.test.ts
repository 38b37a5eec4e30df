import { describe, expect, test } from "vitest";
import { sourceOf, videoJson } from "../../helpers/probe-json.ts";

/** ffprobe's dump of a matrix in 16.16 fixed point. */
const dump = ([a, b, c, d]: readonly [number, number, number, number]): string => {
  const row = (index: number, ...cells: readonly number[]): string =>
    `0000000${index}: ${cells.map((cell) => String(Math.round(cell)).padStart(11)).join(" ")}\n`;
  return `\n${row(0, a * 65_536, b * 65_536, 0)}${row(1, c * 65_536, d * 65_536, 0)}${row(2, 0, 0, 2 ** 30)}`;
};
const videoWith = (displaymatrix: string, rotation = 0) =>
  sourceOf([videoJson({ side_data_list: [{ side_data_type: "Display Matrix", displaymatrix, rotation }] })]).video;

describe("a display matrix", () => {
  test.each([
    ["of nothing", [1, 0, 0, 1], { rotation: 0, width: 640 }],
    ["of a quarter turn", [0, 1, -1, 0], { rotation: 90, width: 360 }],
    ["of half a turn", [-1, 0, 0, -1], { rotation: 180, width: 640 }],
    ["of three quarters", [0, -1, 1, 0], { rotation: 270, width: 360 }],
    ["of a front camera", [-1, 0, 0, 1], { rotation: 0, mirrored: true, width: 640 }],
    ["of a picture upside down in a mirror", [1, 0, 0, -1], { rotation: 180, mirrored: true, width: 640 }],
    ["of a mirrored quarter turn", [0, 1, 1, 0], { rotation: 90, mirrored: true, width: 360 }],
    ["of mirrored three quarters", [0, -1, -1, 0], { rotation: 270, mirrored: true, width: 360 }],
    ["that scales as well", [0, 2, -2, 0], { rotation: 90, width: 360 }],
    ["a degree off", [0.017, 1, -1, 0.017], { rotation: 90, width: 360 }],
    ["of half a quarter", [Math.SQRT1_2, Math.SQRT1_2, -Math.SQRT1_2, Math.SQRT1_2], { rotation: 0, width: 640 }],
    ["of zeros", [0, 0, 0, 0], { rotation: 0, width: 640 }],
  ] as const)("%s", (_what, cells, { width, ...orientation }) => {
    const video = videoWith(dump(cells), 45);
    expect(video).toMatchObject({ ...orientation, displayWidth: width });
    expect(video?.mirrored).toBe("mirrored" in orientation ? true : undefined);
  });

  test("that is no dump leaves it to ffprobe's own figure", () => {
    expect(videoWith("none", -90)).toMatchObject({ rotation: 90 });
  });
});
