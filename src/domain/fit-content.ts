import type { MeasuredContent } from "./content.ts";
import { PROBE_CRF } from "./content.ts";
import type { DroppedRung, FittedRung, Ladder, RungSelection } from "./ladder.ts";

interface Picture {
  readonly width: number;
  readonly height: number;
}

/** Bits grow by a power of the pixels: 0.6 to 0.85 was measured between 360 and 1080 lines on text, 0.7 to 0.76 on motion. */
const SIZE_EXPONENT = 0.75;
/**
 * Bits that fall faster than the pixels are grain's: smaller pictures average it away. 1.3 was measured between 180 and 360
 * lines (0.7 on text and motion), and 1.8 to 2.2 above, where more of it is left.
 */
const GRAIN_EXPONENT = 1.1;
const GRAIN_GROWTH = 0.5;
/** Six steps of CRF halve the bits; of grain, which the quantiser drops all at once, less than two (2.4 times from 23 to 21). */
const CRF_HALVING = 6;
const GRAIN_CRF_HALVING = 1.6;
/** Room for what the windows did not show; a cap that bites costs quality, one that is too high only lets the peak stray from the average. */
const AVERAGE_HEADROOM = 2.5;
const WINDOW_HEADROOM = 1.5;
/** A lower cap saves nothing worth a coarser picture. */
const SMALLEST_CAP_BPS = 150_000;
/** Players need something to adapt between. */
const FEWEST_RUNGS = 2;
/** What the whole was measured to need beyond the prediction of a few windows: a rung is not given up on the edge. */
const DOUBT = 1.3;
/** Where the probe's picture is as good as the source's, this costs a thousandth of SSIM and saves a tenth of the bits. */
const SATURATED_SSIM = 0.985;
const SATURATED_CRF_STEP = 1.75;
/** Closer than this in bits, two rungs are one choice for a player. */
const SPACING = 2;

/** What H.264 at this CRF needs for the picture when nothing caps it, on average over the windows. */
export const predictedBps = (content: MeasuredContent, picture: Picture, crf: number): number =>
  (content.windowBps.reduce((sum, bps) => sum + bps, 0) / content.windowBps.length) * growth(content, picture, crf);

/** Small text vanishes in small pictures as grain does, but the probe shows it as it is: no encode shows grain so. */
const isGrain = ({ sizeExponent, ssim }: MeasuredContent): boolean => sizeExponent >= GRAIN_EXPONENT && ssim < SATURATED_SSIM;

function growth(content: MeasuredContent, to: Picture, crf: number): number {
  const { width, height, sizeExponent } = content;
  const exponent = isGrain(content) ? sizeExponent + GRAIN_GROWTH : SIZE_EXPONENT;
  const halving = isGrain(content) ? GRAIN_CRF_HALVING : CRF_HALVING;
  return ((to.width * to.height) / (width * height)) ** exponent * 2 ** ((PROBE_CRF - crf) / halving);
}

/** With less than two thirds of what it needs a rung shows the scene without its grain, as the rungs beside it do. */
const STARVED = 1.5;

/** A rung with what its content needs of it. */
interface Needed extends FittedRung {
  readonly needBps: number;
}

/** A ladder's rungs fitted to one content. */
export interface FittedSelection extends RungSelection {
  /** To be added to each codec's CRF. */
  readonly crfOffset: number;
}

/** The rungs and caps that this content deserves; every rung left out says why. */
export function fitToContent({ rungs, dropped }: RungSelection, content: MeasuredContent, { codecs }: Ladder): FittedSelection {
  const crfOffset = content.ssim >= SATURATED_SSIM ? SATURATED_CRF_STEP : 0;
  const crf = (codecs.find(({ codec }) => codec === "h264")?.crf ?? PROBE_CRF) + crfOffset;
  const needed = rungs.map((rung): Needed => ({ ...rung, needBps: predictedBps(content, rung, crf) }));
  const spaced = isGrain(content) ? spacedOut(needed) : { rungs: needed, dropped: [] };
  const kept = withFewest(spaced.rungs, chosenByBudgets(spaced.rungs));
  const useless = spaced.rungs.flatMap((rung, index) => (kept.has(index) ? [] : [reasonFor(rung, spaced.rungs[indexAbove(kept, index)])]));
  return {
    rungs: spaced.rungs
      .filter((_, index) => kept.has(index))
      .map(({ needBps: _need, ...rung }) => ({ ...rung, capBps: fittedCap(rung, content, crf) })),
    dropped: [...dropped, ...[...spaced.dropped, ...useless].toSorted((a, b) => a.shortSide - b.shortSide)],
    crfOffset,
  };
}

interface Spaced {
  readonly rungs: readonly Needed[];
  readonly dropped: readonly DroppedRung[];
}

/**
 * Of two starved rungs one is enough, in the middle of what lies around them: on grain under its caps a doubling of bits was
 * measured to gain 0.009 SSIM, whatever the size. The largest and the smallest rung stay as they are.
 */
function spacedOut(rungs: readonly Needed[]): Spaced {
  const isStarved = (index: number): boolean => {
    const rung = rungs[index];
    return rung !== undefined && index > 0 && index < rungs.length - 1 && rung.needBps >= STARVED * rung.capBps;
  };
  const first = rungs.findIndex((_, index) => isStarved(index) && isStarved(index + 1));
  const [below, lost, merged, above] = rungs.slice(Math.max(0, first - 1));
  if (first < 1 || !below || !lost || !merged || !above) return { rungs, dropped: [] };
  const capBps = Math.round(Math.sqrt(below.capBps * above.capBps));
  const rest = spacedOut([{ ...merged, capBps }, ...rungs.slice(first + 2)]);
  const reason = `content: grain that ${kilobits(lost.capBps)} cannot carry, no more than ${merged.shortSide} lines at ${kilobits(capBps)}`;
  return { rungs: [...rungs.slice(0, first), ...rest.rungs], dropped: [{ shortSide: lost.shortSide, reason }, ...rest.dropped] };
}

const kilobits = (bps: number): string => `${Math.round(bps / 1000)} kb/s`;

/** The configured caps are the bandwidths the ladder was made for: for each, the largest picture that it carries. */
function chosenByBudgets(needed: readonly Needed[]): ReadonlySet<number> {
  return new Set(needed.map(({ capBps }) => needed.findLastIndex((rung) => Math.min(rung.capBps, rung.needBps * DOUBT) <= capBps)));
}

/** Adds the next smaller rungs that are a choice of their own until players can adapt. */
function withFewest(needed: readonly Needed[], chosen: ReadonlySet<number>): ReadonlySet<number> {
  const kept = new Set([...chosen, needed.length - 1]);
  const add = (spacing: number): void => {
    for (let index = needed.length - 2; index >= 0 && kept.size < FEWEST_RUNGS; index -= 1) {
      const above = needed[indexAbove(kept, index)];
      if (!kept.has(index) && expectedBps(needed[index]) * spacing <= expectedBps(above)) kept.add(index);
    }
  };
  add(SPACING);
  add(1);
  return kept;
}

const expectedBps = (rung: Needed | undefined): number => (rung ? Math.min(rung.capBps, rung.needBps) : 0);

const indexAbove = (kept: ReadonlySet<number>, index: number): number => Math.min(...[...kept].filter((other) => other > index));

function reasonFor({ shortSide, capBps }: Needed, above: Needed | undefined): DroppedRung {
  const larger = above ? `${above.shortSide} lines need ${kilobits(expectedBps(above))}` : "larger ones need less";
  return { shortSide, reason: `content: ${larger}, and this rung may take ${kilobits(capBps)}` };
}

/** Never above the ladder's; low enough that the peak stays near the average, high enough for the window that needs most. */
function fittedCap({ capBps, ...picture }: FittedRung, content: MeasuredContent, crf: number): number {
  const mostBps = Math.max(...content.windowBps) * growth(content, picture, crf);
  const wanted = Math.max(AVERAGE_HEADROOM * predictedBps(content, picture, crf), WINDOW_HEADROOM * mostBps, SMALLEST_CAP_BPS);
  return Math.min(capBps, Math.round(wanted));
}
