import type { VideoTrack } from "../domain/source.ts";
import type { ProbedStream } from "./ffprobe-json.ts";

/** How a player turns the picture: clockwise first, then left for right. */
export type Orientation = Pick<VideoTrack, "rotation" | "mirrored">;

const UPRIGHT: Orientation = { rotation: 0 };
/** By the signs of the transformation of ISO/IEC 14496-12 8.3.2, x' = a·x + c·y and y' = b·x + d·y, as "a b c d". */
const BY_SIGNS: ReadonlyMap<string, Orientation> = new Map([
  ["1 0 0 1", UPRIGHT],
  ["0 1 -1 0", { rotation: 90 }],
  ["-1 0 0 -1", { rotation: 180 }],
  ["0 -1 1 0", { rotation: 270 }],
  ["-1 0 0 1", { rotation: 0, mirrored: true }],
  ["0 1 1 0", { rotation: 90, mirrored: true }],
  ["1 0 0 -1", { rotation: 180, mirrored: true }],
  ["0 -1 -1 0", { rotation: 270, mirrored: true }],
]);
/** A cell this small beside the largest is nothing: two degrees. */
const NEGLIGIBLE = 0.035;
const TOLERANCE_DEGREES = 2;

/**
 * The orientation that a stream's display matrix declares, or its tag when it has none. Whatever is neither a quarter turn
 * nor a mirror image of one is left alone, as browsers leave it.
 */
export function orientationOf(stream: ProbedStream): Orientation {
  const sideData = stream.side_data_list.find(({ displaymatrix, rotation }) => displaymatrix !== undefined || rotation !== undefined);
  const cells = cellsOf(sideData?.displaymatrix);
  if (cells) return BY_SIGNS.get(signsOf(cells)) ?? UPRIGHT;
  // Side data counts counter-clockwise, the old tag clockwise.
  return quarterTurn(sideData?.rotation === undefined ? Number(stream.tags.get("rotate") ?? 0) : -sideData.rotation);
}

/** The four cells of ffprobe's dump that turn; undefined when it is no dump. */
function cellsOf(dump: string | undefined): readonly number[] | undefined {
  const [[a, b] = [], [c, d] = []] = [...(dump ?? "").matchAll(/^\d{8}:\s+(-?\d+)\s+(-?\d+)\s+-?\d+\s*$/gm)].map(([, ...row]) =>
    row.map(Number),
  );
  return a === undefined || b === undefined || c === undefined || d === undefined ? undefined : [a, b, c, d];
}

function signsOf(cells: readonly number[]): string {
  const largest = Math.max(...cells.map(Math.abs));
  return cells.map((cell) => (Math.abs(cell) <= largest * NEGLIGIBLE ? 0 : Math.sign(cell))).join(" ");
}

function quarterTurn(clockwise: number): Orientation {
  const turns = Math.round(clockwise / 90);
  // A matrix that is no rotation reads as a huge number.
  if (!Number.isFinite(clockwise) || Math.abs(clockwise) > 3600 || Math.abs(clockwise - 90 * turns) > TOLERANCE_DEGREES) return UPRIGHT;
  const rotations = [0, 90, 180, 270] as const;
  return { rotation: rotations[((turns % 4) + 4) % 4] ?? 0 };
}
