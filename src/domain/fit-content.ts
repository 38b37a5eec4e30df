import type { MeasuredContent } from "./content.ts";
import { PROBE_CRF } from "./content.ts";
import type { DroppedRung, FittedRung, Ladder, RungSelection } from "./ladder.ts";

interface Picture {
  readonly width: number;
  readonly height: number;
}

/** Bits grow slower than the picture: 0.6 to 0.9 was measured between 360 and 1080 lines on text, film and motion. */
const SIZE_EXPONENT = 0.8;
/** Six steps of CRF halve the bits. */
const CRF_HALVING = 6;
/** Room for what the windows did not show; a cap that bites costs quality, one that is too high only lets the peak stray from the average. */
const AVERAGE_HEADROOM = 2.5;
const WINDOW_HEADROOM = 1.5;
/** A lower cap saves nothing worth a coarser picture. */
const SMALLEST_CAP_BPS = 150_000;
/** Players need something to adapt between. */
const FEWEST_RUNGS = 2;
/** Closer than this in bits, two rungs are one choice for a player. */
const SPACING = 2;

/** What H.264 at this CRF needs for the picture when nothing caps it, on average over the windows. */
export const predictedBps = ({ windowBps, ...probe }: MeasuredContent, picture: Picture, crf: number): number =>
  (windowBps.reduce((sum, bps) => sum + bps, 0) / windowBps.length) * growth(probe, picture, crf);

const growth = (from: Picture, to: Picture, crf: number): number =>
  ((to.width * to.height) / (from.width * from.height)) ** SIZE_EXPONENT * 2 ** ((PROBE_CRF - crf) / CRF_HALVING);

/** A rung with what its content needs of it. */
interface Needed extends FittedRung {
  readonly needBps: number;
}

/** The rungs and caps that this content deserves; every rung left out says why. */
export function fitToContent({ rungs, dropped }: RungSelection, content: MeasuredContent, { codecs }: Ladder): RungSelection {
  const crf = codecs.find(({ codec }) => codec === "h264")?.crf ?? PROBE_CRF;
  const needed = rungs.map((rung): Needed => ({ ...rung, needBps: Math.min(rung.capBps, predictedBps(content, rung, crf)) }));
  const kept = withFewest(needed, chosenByBudgets(needed));
  return {
    rungs: rungs.filter((_, index) => kept.has(index)).map((rung) => ({ ...rung, capBps: fittedCap(rung, content, crf) })),
    dropped: [...dropped, ...needed.flatMap((rung, index) => (kept.has(index) ? [] : [reasonFor(rung, needed[indexAbove(kept, index)])]))],
  };
}

/** The configured caps are the bandwidths the ladder was made for: for each, the largest picture that it carries. */
function chosenByBudgets(needed: readonly Needed[]): ReadonlySet<number> {
  return new Set(needed.map(({ capBps }) => needed.findLastIndex(({ needBps }) => needBps <= capBps)));
}

/** Adds the next smaller rungs that are a choice of their own until players can adapt. */
function withFewest(needed: readonly Needed[], chosen: ReadonlySet<number>): ReadonlySet<number> {
  const kept = new Set([...chosen, needed.length - 1]);
  const add = (spacing: number): void => {
    for (let index = needed.length - 2; index >= 0 && kept.size < FEWEST_RUNGS; index -= 1) {
      const above = needed[indexAbove(kept, index)];
      if (!kept.has(index) && (needed[index]?.needBps ?? 0) * spacing <= (above?.needBps ?? 0)) kept.add(index);
    }
  };
  add(SPACING);
  add(1);
  return kept;
}

const indexAbove = (kept: ReadonlySet<number>, index: number): number => Math.min(...[...kept].filter((other) => other > index));

function reasonFor({ shortSide, capBps }: Needed, above: Needed | undefined): DroppedRung {
  const larger = above ? `${above.shortSide} lines need ${Math.round(above.needBps / 1000)} kb/s` : "larger ones need less";
  return { shortSide, reason: `content: ${larger}, and this rung may take ${Math.round(capBps / 1000)} kb/s` };
}

/** Never above the ladder's; low enough that the peak stays near the average, high enough for the window that needs most. */
function fittedCap({ capBps, ...picture }: FittedRung, content: MeasuredContent, crf: number): number {
  const mostBps = Math.max(...content.windowBps) * growth(content, picture, crf);
  const wanted = Math.max(AVERAGE_HEADROOM * predictedBps(content, picture, crf), WINDOW_HEADROOM * mostBps, SMALLEST_CAP_BPS);
  return Math.min(capBps, Math.round(wanted));
}
