import { cueText } from "./cue-text.ts";
import { clock } from "./storyboard.ts";

/** One cue of a text rendition. Times in seconds of the one timeline. */
export interface Cue {
  readonly startSeconds: number;
  readonly endSeconds: number;
  /** Cue settings of W3C WebVTT, e.g. "line:90%"; "" for none. */
  readonly settings: string;
  /** One or more lines, none of them empty. */
  readonly text: string;
}

/** A time of WebVTT or SubRip: hours may be missing, the fraction may follow a comma or be missing. */
const TIME = String.raw`(?:(\d{1,4}):)?([0-5]?\d):([0-5]?\d)(?:[.,](\d{1,3}))?`;
const TIMING = new RegExp(String.raw`^\s*${TIME}\s*-->\s*${TIME}(?:\s+(\S.*))?$`);
/** The settings of W3C WebVTT 4.4; regions are not carried over. */
const SETTING =
  /^(?:vertical:(?:rl|lr)|line:-?\d{1,4}(?:\.\d{1,4})?%?(?:,(?:start|center|end))?|position:\d{1,3}(?:\.\d{1,4})?%(?:,(?:line-left|center|line-right))?|size:\d{1,3}(?:\.\d{1,4})?%|align:(?:start|center|end|left|right))$/;
const AT_THE_TOP = /\{\\an[789]\}/;
const INDEX = /^\s*\d+\s*$/;

/** The cues of a WebVTT or SubRip text in order of time; what is none (notes, styles, broken timings) is left out. */
export function parseCues(content: string): Cue[] {
  const lines = content.split(/\r\n|\r|\n/);
  const blocks = /^\uFEFF?WEBVTT(?:\s|$)/.test(content) ? vttBlocks(lines) : srtBlocks(lines);
  return blocks
    .flatMap((block) => parseBlock(block) ?? [])
    .toSorted((a, b) => a.startSeconds - b.startSeconds || a.endSeconds - b.endSeconds);
}

/** A timing line and the lines under it. */
type Block = readonly string[];

/** A block ends at an empty line; what stands above its timing names it. */
function vttBlocks(lines: readonly string[]): Block[] {
  const blocks: string[][] = [[]];
  for (const line of lines) {
    if (line === "") blocks.push([]);
    else blocks.at(-1)?.push(line);
  }
  return blocks.map((block) => block.slice(block.findIndex((line) => line.includes("-->"))));
}

/** Files in the wild hold empty lines inside a cue and none between two: a cue ends where the next one is numbered or timed. */
function srtBlocks(lines: readonly string[]): Block[] {
  const opens = (at: number): boolean => {
    const above = lines[at - 1] ?? "";
    return TIMING.test(lines[at] ?? "") && (above.trim() === "" || INDEX.test(above));
  };
  const starts = [...lines.keys()].filter(opens);
  return starts.map((start, position) => {
    const next = starts[position + 1] ?? lines.length;
    const end = next < lines.length && INDEX.test(lines[next - 1] ?? "") ? next - 1 : next;
    return lines.slice(start, end);
  });
}

function parseBlock([timing = "", ...lines]: Block): Cue | undefined {
  const match = TIMING.exec(timing);
  if (!match) return undefined;
  const [, h1, m1, s1, f1, h2, m2, s2, f2, rest = ""] = match;
  const settings = rest.split(/\s+/).filter((setting) => SETTING.test(setting));
  if (settings.length === 0 && lines.some((line) => AT_THE_TOP.test(line))) settings.push("line:0");
  const [startSeconds, endSeconds] = [secondsOf(h1, m1, [s1, f1]), secondsOf(h2, m2, [s2, f2])];
  const text = cueText(lines);
  return text !== "" && endSeconds > startSeconds ? { startSeconds, endSeconds, settings: settings.join(" "), text } : undefined;
}

const secondsOf = (hours = "0", minutes = "0", [whole = "0", fraction = "0"]: readonly (string | undefined)[]): number =>
  Number(hours) * 3600 + Number(minutes) * 60 + Number(whole) + Number(fraction.padEnd(3, "0")) / 1000;

/** The cues on the timeline: moved by `shiftSeconds`, cut to its range, gone where nothing is left of them. */
export function onTimeline(cues: readonly Cue[], shiftSeconds: number, durationSeconds: number): Cue[] {
  return cues
    .map((cue) => ({
      ...cue,
      startSeconds: Math.max(0, cue.startSeconds + shiftSeconds),
      endSeconds: Math.min(durationSeconds, cue.endSeconds + shiftSeconds),
    }))
    .filter(({ startSeconds, endSeconds }) => endSeconds - startSeconds >= 0.001);
}

/** One WebVTT file of the whole programme: what DASH players load. */
export const wholeText = (cues: readonly Cue[]): string => file([], cues);

/** The segment of an HLS subtitle rendition that shows these cues, on the media's own clock, which the film begins at `originSeconds` of (RFC 8216 3.5). */
export const textSegment = (cues: readonly Cue[], originSeconds = 0): string =>
  file([`X-TIMESTAMP-MAP=MPEGTS:${originSeconds * 90_000},LOCAL:00:00:00.000`], cues);

function file(headers: readonly string[], cues: readonly Cue[]): string {
  const blocks = cues.map((cue) => {
    const timing = `${clock(cue.startSeconds)} --> ${clock(cue.endSeconds)}`;
    return `${cue.settings === "" ? timing : `${timing} ${cue.settings}`}\n${cue.text}`;
  });
  return `${[["WEBVTT", ...headers].join("\n"), ...blocks].join("\n\n")}\n`;
}
