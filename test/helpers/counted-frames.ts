import { readFile } from "node:fs/promises";
import { runCommand } from "../../src/process/run-command.ts";
import { ffmpeg } from "./clips.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const BITS = 12;
/** Blocks that survive every encoder: the number of the frame in the upper quarter, something that moves below. */
const NUMBER = String.raw`if(bitand(N\,pow(2\,floor(X/2)))\,235\,16)`;
const MOVING = String.raw`128+60*sin(X/3+N/7)+40*sin(Y/5-N/9)`;
const BLOCKS = String.raw`geq=lum='if(lt(Y\,4)\,${NUMBER}\,${MOVING})':cb=128:cr=128`;

/** A picture that shows the number of each of its frames, as an input of ffmpeg. */
export const countedPicture = ({ rate = "30", seconds = 13, filters = "" } = {}): readonly string[] => {
  const source = `color=c=gray:s=24x16:r=${rate}:d=${seconds},${BLOCKS},scale=192:128:flags=neighbor,setsar=1`;
  return ["-f", "lavfi", "-i", `${source}${filters && `,${filters}`}`];
};

/** The numbers that the frames of a video show, in the order they are shown. */
export async function frameNumbers(path: string): Promise<readonly number[]> {
  await using folder = await temporaryFolder();
  const read = `crop=iw:ih/4:0:0,scale=${BITS}:1:flags=area,format=gray`;
  await ffmpeg("-i", path, "-fps_mode", "passthrough", "-vf", read, "-f", "rawvideo", folder.in("bits"));
  const bits = await readFile(folder.in("bits"));
  return Array.from({ length: bits.length / BITS }, (_, frame) =>
    bits.subarray(frame * BITS, (frame + 1) * BITS).reduce((number, value, bit) => number + (value > 126 ? 2 ** bit : 0), 0),
  );
}

/** How alike two videos of the same frames are, 1 for equal ones. */
export async function similarity(a: string, b: string): Promise<number> {
  const { stderrTail } = await runCommand({
    command: "ffmpeg",
    args: ["-nostdin", "-hide_banner", "-i", a, "-i", b, "-lavfi", "ssim", "-f", "null", "-"],
    signal: new AbortController().signal,
  });
  return Number(/All:([\d.]+)/.exec(stderrTail)?.[1]);
}
