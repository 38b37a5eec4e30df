import type { Ladder, Rung } from "../../domain/ladder.ts";
import { findPreset } from "./catalogue.ts";
import type { Preset } from "./preset.ts";

/** What presets come to as a ladder, or what is wrong with one of them. */
export type PresetLadder =
  | { readonly kind: "ladder"; readonly ladder: Ladder }
  | { readonly kind: "problem"; readonly position: number; readonly problem: string };

/** asset.json says it of a film that was made by presets. */
export const PRESET_LADDER = "elastic-transcoder-presets";

/** A ladder's caps ascend with its sizes, also where presets have it otherwise. */
const STEP = 1.1;

/**
 * The ladder that stands for presets of Elastic Transcoder, for jobs that still name them, whichever engine does the work:
 * a rung for each picture, at the size that its box gives a 16:9 source, capped at its rate; the best of their sounds. All of
 * them are made, none is measured away and nothing is copied: that is what was asked for. What else a ladder says is `base`'s.
 * Pure.
 */
export function ladderOfPresets(ids: readonly string[], custom: readonly Preset[], base: Ladder): PresetLadder {
  const rungs: Rung[] = [];
  const sounds: number[] = [];
  for (const [position, id] of ids.entries()) {
    const found = findPreset(id, custom);
    if (found.kind === "unknown") return { kind: "problem", position, problem: found.problem };
    const rung = found.preset.video && rungOf(found.preset);
    if (typeof rung === "string") return { kind: "problem", position, problem: `${rung}: ${id} (${found.preset.name})` };
    if (rung) rungs.push(rung);
    if (found.preset.audio?.bitrateBps !== undefined) sounds.push(found.preset.audio.bitrateBps);
  }
  if (rungs.length === 0) return { kind: "problem", position: 0, problem: "none of the presets makes a picture" };
  const audioBps = sounds.length > 0 ? Math.max(...sounds) : base.audioBps;
  return {
    kind: "ladder",
    ladder: { ...base, name: PRESET_LADDER, codecs: h264Of(base), rungs: ascending(rungs), audioBps, passThrough: false, perTitle: false },
  };
}

const h264Of = ({ codecs }: Ladder): Ladder["codecs"] => codecs.filter(({ codec }) => codec === "h264");

function rungOf({ video }: Preset): Rung | string | undefined {
  if (!video) return undefined;
  const { codec, maxWidth, maxHeight, bitrateBps } = video;
  if (codec !== "H.264") return `a preset in ${codec} has no place in an adaptive stream`;
  if (maxWidth === undefined || maxHeight === undefined || bitrateBps === undefined)
    return "the size or the rate of the preset is not known; put what ReadPreset once answered into the file of elasticTranscoder.presets";
  return { shortSide: evenBelow(Math.min(maxHeight, (maxWidth * 9) / 16)), capBps: bitrateBps };
}

/** 400 pixels wide are 225 lines, which no 4:2:0 picture has. */
const evenBelow = (lines: number): number => Math.max(2, 2 * Math.floor(lines / 2));

/** Each size once, with the highest of its rates. */
function ascending(rungs: readonly Rung[]): readonly Rung[] {
  const best = new Map<number, number>();
  for (const { shortSide, capBps } of rungs) best.set(shortSide, Math.max(capBps, best.get(shortSide) ?? 0));
  let before = 0;
  return [...best]
    .toSorted(([a], [b]) => a - b)
    .map(([shortSide, capBps]) => {
      before = Math.max(capBps, Math.ceil(before * STEP));
      return { shortSide, capBps: before };
    });
}
