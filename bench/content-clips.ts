import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** The kinds of content that the ladder is judged on; each 1920x1080 at 30 fps, made of figures alone. */
export const CLIP_KINDS = {
  screen: "a code editor: still text, scrolled by lines every second, a moving pointer and a blinking caret",
  grain: "a slow pan over a textured scene under fresh film grain in every frame",
  motion: "the same scene in fast pan, turn and zoom with a picture moving across it, without grain",
} as const;
export type ClipKind = keyof typeof CLIP_KINDS;

interface Picture {
  readonly width: number;
  readonly height: number;
  readonly path: string;
}

/** Repeatable chance (mulberry32): every run makes the same clip. */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function writePicture({ width, height, path }: Picture, colourAt: (x: number, y: number) => readonly [number, number, number]): void {
  const pixels = Buffer.alloc(width * height * 3);
  for (let y = 0; y < height; y += 1) for (let x = 0; x < width; x += 1) pixels.set(colourAt(x, y), (y * width + x) * 3);
  writeFileSync(path, Buffer.concat([Buffer.from(`P6\n${width} ${height}\n255\n`), pixels]));
}

const LINE = 44;
const CELL = 20;
const INKS = [
  [40, 42, 54],
  [20, 90, 160],
  [160, 60, 30],
  [90, 90, 95],
] as const;

/** A page of code at twice the size, so that scaling down gives its letters soft edges: words of made-up glyphs, indented in blocks. */
function writePage(path: string): void {
  const random = chance(7);
  const glyphs = Array.from({ length: 40 }, () => Array.from({ length: 35 }, () => random() < 0.45));
  const lines = Array.from({ length: 110 }, () => {
    const indent = Math.floor(random() * 4) * 4 + 8;
    const words = Array.from({ length: Math.floor(random() * 9) }, () => ({
      length: 2 + Math.floor(random() * 9),
      ink: INKS[Math.floor(random() * INKS.length)] ?? INKS[0],
    }));
    const cells = words.flatMap(({ length, ink }) => [
      ...Array.from({ length }, () => ({ ink, glyph: glyphs[Math.floor(random() * glyphs.length)] })),
      undefined,
    ]);
    return [...Array.from({ length: indent }, () => undefined), ...cells];
  });
  const paper = (x: number, y: number): readonly [number, number, number] => {
    if (x < 300) return y % 88 < 44 ? [236, 238, 240] : [230, 232, 235];
    return [252, 252, 250];
  };
  writePicture({ width: 3840, height: LINE * lines.length, path }, (x, y) => {
    const cell = lines[Math.floor(y / LINE)]?.[Math.floor(x / CELL)];
    const [column, row] = [Math.floor((x % CELL) / 3), Math.floor(((y % LINE) - 6) / 4)];
    const isInked = column < 5 && row >= 0 && row < 7 && cell?.glyph?.[row * 5 + column] === true;
    return isInked && cell ? cell.ink : paper(x, y);
  });
}

/** A scene with detail at every scale, as photographs have: octaves of smoothed noise of nearly equal contrast, cut by hard-edged shapes. */
function writeScene(path: string): void {
  const random = chance(11);
  const lattice = Array.from({ length: 65_536 }, () => random());
  const at = (x: number, y: number): number => lattice[((y & 255) << 8) | (x & 255)] ?? 0;
  const smooth = (t: number): number => t * t * (3 - 2 * t);
  const noise = (x: number, y: number): number => {
    const [left, top] = [Math.floor(x), Math.floor(y)];
    const [across, down] = [smooth(x - left), smooth(y - top)];
    const upper = at(left, top) * (1 - across) + at(left + 1, top) * across;
    const lower = at(left, top + 1) * (1 - across) + at(left + 1, top + 1) * across;
    return upper * (1 - down) + lower * down;
  };
  const octaves = [1 / 400, 1 / 160, 1 / 64, 1 / 26, 1 / 10, 1 / 4];
  writePicture({ width: 2880, height: 1620, path }, (x, y) => {
    const light = octaves.reduce((sum, scale, index) => sum + noise(x * scale, y * scale + 37 * index) / 1.25 ** index, 0) / 3.7;
    const isRoof = (x % 720) + (y % 540) * 0.7 < 380 && y > 500;
    const shade = isRoof ? light * 0.7 : light;
    return [Math.min(255, 40 + shade * 190), Math.min(255, 50 + shade * 165), Math.min(255, isRoof ? 35 + shade * 120 : 70 + shade * 140)];
  });
}

/** Makes one clip of this kind as a camera or a recorder would leave it, and returns its path. Needs ffmpeg in the PATH. */
export function makeContentClip(kind: ClipKind, seconds: number, folder: string): string {
  const [page, scene, clip] = [join(folder, "page.ppm"), join(folder, "scene.ppm"), join(folder, `${kind}.mkv`)];
  if (kind === "screen") writePage(page);
  else writeScene(scene);
  const still = (path: string): string[] => ["-loop", "1", "-framerate", "30", "-i", path];
  const graphs: Readonly<Record<ClipKind, { readonly inputs: readonly string[]; readonly graph: string }>> = {
    screen: {
      inputs: [...still(page), "-f", "lavfi", "-i", "color=c=black:s=14x22:r=30", "-f", "lavfi", "-i", "color=c=0x282a36:s=3x22:r=30"],
      graph:
        "[0:v]scale=1920:-2:flags=area,crop=1920:1080:0:'22*3*floor(t)',format=yuv420p[page];" +
        "[page][1:v]overlay=x='900+700*sin(0.9*t)':y='500+300*sin(1.3*t)'[pointer];" +
        "[pointer][2:v]overlay=x='400+10*floor(8*t)':y=660:enable='lt(mod(t,1),0.5)'",
    },
    grain: {
      inputs: [...still(scene), "-f", "lavfi", "-i", "color=c=gray:s=1920x1080:r=30,format=gray,noise=alls=20:allf=t,gblur=sigma=0.7"],
      graph:
        "[0:v]crop=1920:1080:'20+24*t':'20+6*t',format=yuv420p,split[picture][light];[light]extractplanes=y[luma];" +
        "[luma][1:v]blend=all_mode=grainmerge[grained];[picture]extractplanes=u+v[u][v];[grained][u][v]mergeplanes=0x001020:yuv420p",
    },
    motion: {
      inputs: [...still(scene), "-f", "lavfi", "-i", "testsrc2=s=320x240:r=30"],
      graph:
        "[0:v]rotate='0.12*sin(2.1*t)',scale=w='2*floor(iw*(1+0.15*sin(1.7*t))/2)':h=-2:eval=frame:flags=bilinear," +
        "crop=1920:1080:'(iw-1920)/2*(1+0.55*sin(2.6*t))':'(ih-1080)/2*(1+0.5*sin(1.9*t))',format=yuv420p[scene];" +
        "[scene][1:v]overlay=x='mod(520*t,2200)-300':y='380+260*sin(3*t)'",
    },
  };
  const { inputs, graph } = graphs[kind];
  const encode = [
    "-c:v",
    "libx264",
    "-preset",
    "veryfast",
    "-crf",
    "14",
    "-pix_fmt",
    "yuv420p",
    "-color_primaries",
    "bt709",
    "-color_trc",
    "bt709",
    "-colorspace",
    "bt709",
  ];
  execFileSync("ffmpeg", ["-v", "error", "-y", ...inputs, "-filter_complex", graph, "-t", `${seconds}`, "-r", "30", ...encode, clip]);
  return clip;
}
