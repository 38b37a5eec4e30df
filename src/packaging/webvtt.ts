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

const TIMING = /^(?:(\d{2,}):)?([0-5]\d):([0-5]\d)\.(\d{3})[ \t]+-->[ \t]+(?:(\d{2,}):)?([0-5]\d):([0-5]\d)\.(\d{3})(.*)$/;
const SETTINGS = /^[\w:%,.\- \t]*$/;
/** What ffmpeg writes is a few hundred bytes a minute; more than this many cues is no subtitle track. */
const MAX_CUES = 100_000;

/** The cues of a WebVTT file in order of time; blocks that are none (notes, styles, broken timings) are left out. */
export function parseCues(content: string): Cue[] {
  const blocks = content.replaceAll(/\r\n?/g, "\n").split(/\n{2,}/);
  return blocks
    .slice(0, MAX_CUES)
    .flatMap((block) => parseBlock(block.split("\n")) ?? [])
    .toSorted((a, b) => a.startSeconds - b.startSeconds || a.endSeconds - b.endSeconds);
}

function parseBlock(lines: readonly string[]): Cue | undefined {
  const at = lines.findIndex((line) => line.includes("-->"));
  const match = TIMING.exec(lines[at] ?? "");
  if (!match) return undefined;
  const [, h1, m1, s1, f1, h2, m2, s2, f2, rest = ""] = match;
  const text = lines.slice(at + 1).flatMap((line) => cleanLine(line) ?? []);
  const settings = SETTINGS.test(rest) ? rest.trim() : "";
  const cue = { startSeconds: secondsOf(h1, m1, [s1, f1]), endSeconds: secondsOf(h2, m2, [s2, f2]), settings, text: text.join("\n") };
  return cue.text !== "" && cue.endSeconds > cue.startSeconds ? cue : undefined;
}

const secondsOf = (hours = "0", minutes = "0", [whole = "0", fraction = "0"]: readonly (string | undefined)[]): number =>
  Number(hours) * 3600 + Number(minutes) * 60 + Number(whole) + Number(fraction) / 1000;

/** A line that would end the cue or begin another one must not get through. */
function cleanLine(line: string): string | undefined {
  const cleaned = line.replaceAll(/[\p{Cc}\u2028\u2029]/gu, "").replaceAll("-->", "→");
  return cleaned.trim() === "" ? undefined : cleaned;
}

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

/** The segment of an HLS subtitle rendition: every cue that is shown in its period, on the media's own clock (RFC 8216 3.5). */
export function textSegment(cues: readonly Cue[], fromSeconds: number, toSeconds: number): string {
  const shown = cues.filter((cue) => cue.startSeconds < toSeconds && cue.endSeconds > fromSeconds);
  return file(["X-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000"], shown);
}

function file(headers: readonly string[], cues: readonly Cue[]): string {
  const blocks = cues.map((cue) => {
    const timing = `${clock(cue.startSeconds)} --> ${clock(cue.endSeconds)}`;
    return `${cue.settings === "" ? timing : `${timing} ${cue.settings}`}\n${cue.text}`;
  });
  return `${[["WEBVTT", ...headers].join("\n"), ...blocks].join("\n\n")}\n`;
}
