export interface Representation {
  readonly id: string;
  /** "video", "audio", "text" or "image". */
  readonly contentType: string;
  readonly language: string | undefined;
  readonly width: number | undefined;
  readonly height: number | undefined;
  /** Init segment, media segments or sheets; or the one file it is. */
  readonly files: readonly string[];
  /** Of its SegmentTimeline; undefined where there is none. */
  readonly seconds: number | undefined;
  /** When each segment of its SegmentTimeline begins, and when the last one ends. */
  readonly edgesSeconds: readonly number[];
  /** An attribute of the Representation or else of its AdaptationSet. */
  readonly attribute: (name: string) => string | undefined;
  readonly hasChannelConfiguration: boolean;
}

/** What an MPD with SegmentTemplates names (ISO 23009-1). */
export interface Mpd {
  readonly baseUrl: string;
  readonly durationSeconds: number;
  readonly minBufferSeconds: number | undefined;
  readonly profiles: string;
  readonly representations: readonly Representation[];
}

const attribute = (tag: string, name: string): string | undefined => new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1];
const numberOf = (tag: string, name: string): number | undefined => {
  const text = attribute(tag, name);
  return text === undefined ? undefined : Number(text);
};
const elements = (xml: string, name: string): string[] =>
  [...xml.matchAll(new RegExp(`<${name}[\\s>][\\s\\S]*?</${name}>`, "g"))].map(([element]) => element);
const baseUrlOf = (xml: string): string | undefined => /<BaseURL>([^<]*)<\/BaseURL>/.exec(xml)?.[1];

/** Reads an MPD of one period as this project writes it. */
export function parseMpd(xml: string): Mpd {
  if (!/<MPD[^>]*\stype="static"/.test(xml)) throw new Error(`no static MPD: ${xml.slice(0, 200)}`);
  const durationSeconds = Number(/mediaPresentationDuration="PT([\d.]+)S"/.exec(xml)?.[1]);
  const sets = elements(xml, "AdaptationSet");
  const representations = sets.flatMap((set) =>
    elements(set, "Representation").map((representation) => read(representation, { set, durationSeconds })),
  );
  const minBufferSeconds = numberOf(xml.replace(/minBufferTime="PT([\d.]+)S"/, 'minBufferTime="$1"'), "minBufferTime");
  return { baseUrl: baseUrlOf(xml) ?? "", durationSeconds, minBufferSeconds, profiles: attribute(xml, "profiles") ?? "", representations };
}

interface Context {
  readonly set: string;
  readonly durationSeconds: number;
}

function read(xml: string, { set, durationSeconds }: Context): Representation {
  const id = attribute(xml, "id") ?? "";
  const [template = ""] = [xml, set].flatMap((owner) => /<SegmentTemplate[^>]*>/.exec(owner)?.[0] ?? []);
  const spans = timelineOf(xml);
  const timed = spans.length > 0;
  const timescale = numberOf(template, "timescale") ?? 1;
  const [start = 0] = [...xml.matchAll(/<S\s[^>]*>/g)].map(([entry]) => numberOf(entry, "t") ?? 0);
  const file = baseUrlOf(xml);
  return {
    id,
    contentType: attribute(set, "contentType") ?? "",
    language: attribute(set, "lang"),
    width: numberOf(xml, "width"),
    height: numberOf(xml, "height"),
    files: file === undefined ? templateFiles(template, { id, count: timed ? spans.length : countOf(template, durationSeconds) }) : [file],
    seconds: timed ? spans.reduce((total, ticks) => total + ticks, 0) / timescale : undefined,
    edgesSeconds: timed ? edgesOf(start, spans).map((ticks) => ticks / timescale) : [],
    attribute: (name) => attribute(head(xml), name) ?? attribute(head(set), name),
    hasChannelConfiguration: /<AudioChannelConfiguration\s[^>]*value="\d+"/.test(xml),
  };
}

/** The opening tag alone. */
const head = (xml: string): string => /^<[^>]*>/.exec(xml)?.[0] ?? "";

function edgesOf(start: number, spans: readonly number[]): number[] {
  const edges = [start];
  for (const span of spans) edges.push((edges.at(-1) ?? 0) + span);
  return edges;
}

/** The duration of each segment of a SegmentTimeline, in ticks. */
function timelineOf(xml: string): number[] {
  const entries = [...xml.matchAll(/<S\s[^>]*>/g)];
  return entries.flatMap(([entry]) => Array.from({ length: 1 + (numberOf(entry, "r") ?? 0) }, () => numberOf(entry, "d") ?? 0));
}

/** Of a template that has a duration instead of a timeline. */
const countOf = (template: string, durationSeconds: number): number =>
  Math.ceil((durationSeconds * (numberOf(template, "timescale") ?? 1)) / (numberOf(template, "duration") ?? 1));

function templateFiles(template: string, { id, count }: { id: string; count: number }): string[] {
  const fill = (pattern: string, number: number): string =>
    pattern
      .replace("$RepresentationID$", id)
      .replace(/\$Number(?:%0(\d+)d)?\$/, (_, width: string | undefined) => String(number).padStart(Number(width ?? 1), "0"));
  const init = attribute(template, "initialization");
  const first = numberOf(template, "startNumber") ?? 1;
  const media = Array.from({ length: count }, (_, index) => fill(attribute(template, "media") ?? "", first + index));
  return init === undefined ? media : [fill(init, 0), ...media];
}
