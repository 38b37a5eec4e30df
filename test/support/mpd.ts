export interface Representation {
  readonly id: string;
  readonly contentType: string;
  readonly language: string | undefined;
  readonly width: number | undefined;
  readonly height: number | undefined;
  readonly bandwidth: number;
  readonly init: string;
  readonly segments: readonly string[];
  /** Of its SegmentTimeline. */
  readonly seconds: number;
}

/** What an MPD with SegmentTemplate and SegmentTimeline names (ISO 23009-1). */
export interface Mpd {
  readonly baseUrl: string;
  readonly durationSeconds: number;
  readonly representations: readonly Representation[];
}

const attribute = (tag: string, name: string): string | undefined => new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1];
const number = (tag: string, name: string): number | undefined => {
  const text = attribute(tag, name);
  return text === undefined ? undefined : Number(text);
};
const elements = (xml: string, name: string): string[] =>
  [...xml.matchAll(new RegExp(`<${name}[\\s>][\\s\\S]*?</${name}>`, "g"))].map(([element]) => element);

/** Reads an MPD as this project writes it: one period, template and timeline inside each representation. */
export function parseMpd(xml: string): Mpd {
  if (!/<MPD[^>]*\stype="static"/.test(xml)) throw new Error(`no static MPD: ${xml.slice(0, 200)}`);
  return {
    baseUrl: /<BaseURL>([^<]*)<\/BaseURL>/.exec(xml)?.[1] ?? "",
    durationSeconds: Number(/mediaPresentationDuration="PT([\d.]+)S"/.exec(xml)?.[1]),
    representations: elements(xml, "AdaptationSet").flatMap((set) =>
      elements(set, "Representation").map((xmlOf) => representation(xmlOf, set)),
    ),
  };
}

function representation(xml: string, set: string): Representation {
  const id = attribute(xml, "id") ?? "";
  const template = /<SegmentTemplate[^>]*>/.exec(xml)?.[0] ?? "";
  const fill = (pattern: string | undefined, count: number): string =>
    (pattern ?? "")
      .replace("$RepresentationID$", id)
      .replace(/\$Number%0(\d+)d\$/, (_, width) => String(count).padStart(Number(width), "0"));
  const spans = [...xml.matchAll(/<S\s[^>]*>/g)].flatMap(([span]) =>
    Array.from({ length: 1 + (number(span, "r") ?? 0) }, () => number(span, "d") ?? 0),
  );
  const first = number(template, "startNumber") ?? 1;
  return {
    id,
    contentType: attribute(set, "contentType") ?? "",
    language: attribute(set, "lang"),
    width: number(xml, "width"),
    height: number(xml, "height"),
    bandwidth: number(xml, "bandwidth") ?? 0,
    init: fill(attribute(template, "initialization"), 0),
    segments: spans.map((_, index) => fill(attribute(template, "media"), first + index)),
    seconds: spans.reduce((total, ticks) => total + ticks, 0) / (number(template, "timescale") ?? 1),
  };
}
