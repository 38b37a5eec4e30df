/** How light and how varied a keyframe is: luma of BT.709 limited range, 16 to 235. */
export interface KeyframeLight {
  readonly average: number;
  /** The span between the darkest and the lightest tenth. */
  readonly contrast: number;
}

/** Darker than this on average is a black frame, lighter a flash. */
const DARKEST = 32;
const LIGHTEST = 215;
/** Titles come first, and the end gives the film away. */
const FIRST_SHARE = 0.1;
const LAST_SHARE = 0.5;

/** Collects the signalstats that ffmpeg prints per frame, in order. */
export function lightReader(): { add(line: string): void; result(): readonly KeyframeLight[] } {
  const frames: { average: number; low: number; high: number }[] = [];
  return {
    add(line) {
      if (line.startsWith("frame:")) frames.push({ average: 0, low: 0, high: 0 });
      const [, name, value] = /^lavfi\.signalstats\.(YAVG|YLOW|YHIGH)=([\d.]+)$/.exec(line) ?? [];
      const frame = frames.at(-1);
      if (!frame || value === undefined) return;
      if (name === "YAVG") frame.average = Number(value);
      else if (name === "YLOW") frame.low = Number(value);
      else frame.high = Number(value);
    },
    result: () => frames.map(({ average, low, high }) => ({ average, contrast: high - low })),
  };
}

/** The keyframe for the poster: the most varied one between a tenth and a half of the film that is neither black nor white. */
export function choosePoster(frames: readonly KeyframeLight[]): number {
  const candidates = frames.map((frame, index) => ({ ...frame, index }));
  const inPlace = candidates.filter(({ index }) => index >= frames.length * FIRST_SHARE && index <= frames.length * LAST_SHARE);
  const isLit = ({ average }: KeyframeLight): boolean => average >= DARKEST && average <= LIGHTEST;
  const choices = [inPlace.filter(isLit), candidates.filter(isLit), candidates].find((list) => list.length > 0) ?? [];
  return choices.toSorted((a, b) => b.contrast - a.contrast || b.average - a.average)[0]?.index ?? 0;
}
