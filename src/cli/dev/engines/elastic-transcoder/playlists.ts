import { readFile, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { z } from "zod";
import type { InputStream } from "../input-facts.ts";
import type { EncodingTools } from "../tools.ts";
import { runTool } from "../tools.ts";
import type { CreateJobPlaylist } from "./create-job.ts";
import type { RenderedOutput } from "./plan.ts";

export interface IFrameWork {
  readonly out: string;
  readonly key: string;
  readonly tools: EncodingTools;
  readonly signal: AbortSignal;
}

const packets = z.object({ packets: z.array(z.object({ pts_time: z.coerce.number(), pos: z.coerce.number(), flags: z.string() })) });

/** Tables that stand before the first picture of a segment. */
const TABLE_BYTES = 3 * 188;

/** Writes <key>_iframe.m3u8: the byte range of each keyframe in <key>.ts. */
export async function writeIFrames({ out, key, tools, signal }: IFrameWork): Promise<void> {
  const args = [
    "-v",
    "error",
    "-select_streams",
    "v:0",
    "-show_entries",
    "packet=pts_time,pos,flags",
    "-of",
    "json",
    join(out, `${key}.ts`),
  ];
  const found = packets.parse(JSON.parse(await runTool({ program: tools.ffprobe, args, cwd: out, signal }))).packets;
  const media = await readFile(join(out, `${key}_v4.m3u8`), "utf8");
  const segments = [...media.matchAll(/^#EXT-X-BYTERANGE:(\d+)@(\d+)$/gm)].map(([, bytes, offset]) => ({
    bytes: Number(bytes),
    offset: Number(offset),
  }));
  const size = segments.reduce((total, { bytes }) => total + bytes, 0);
  const seconds = [...media.matchAll(/^#EXTINF:([\d.]+)/gm)].reduce((total, [, text]) => total + Number(text), 0);
  const first = found[0]?.pts_time ?? 0;
  const keys = found.flatMap((packet, index) => (packet.flags.startsWith("K") ? [{ ...packet, end: found[index + 1]?.pos ?? size }] : []));
  const lines = keys.flatMap(({ pts_time: start, pos, end }, index) => {
    const from = segments.find(({ offset }) => offset <= pos && pos - offset <= TABLE_BYTES)?.offset ?? pos;
    const until = keys[index + 1]?.pts_time ?? first + seconds;
    return [`#EXTINF:${(until - start).toFixed(6)},`, `#EXT-X-BYTERANGE:${end - from}@${from}`, relative(dirname(key), `${key}.ts`)];
  });
  const target = /^#EXT-X-TARGETDURATION:\d+$/m.exec(media)?.[0] ?? "";
  const head = ["#EXTM3U", "#EXT-X-VERSION:4", target, "#EXT-X-MEDIA-SEQUENCE:0", "#EXT-X-PLAYLIST-TYPE:VOD", "#EXT-X-I-FRAMES-ONLY"];
  await writeFile(join(out, `${key}_iframe.m3u8`), [...head, ...lines, "#EXT-X-ENDLIST", ""].join("\n"));
}

export interface MasterWork {
  readonly out: string;
  readonly outputs: readonly RenderedOutput[];
  readonly playlists: readonly CreateJobPlaylist[];
}

/** Writes the HLS playlists above the outputs, in the order their keys are listed. */
export async function writeMasters({ out, outputs, playlists }: MasterWork): Promise<void> {
  for (const { Name, Format, OutputKeys } of playlists) {
    if (Format === "MPEG-DASH") continue;
    const members = OutputKeys.flatMap((key) => outputs.find(({ plan }) => plan.key === key) ?? []);
    const uri = (path: string): string => relative(dirname(Name), path);
    const lines = Format === "HLSv4" ? v4Lines(members, uri) : members.flatMap((output) => v3Lines(output, uri));
    await writeFile(join(out, `${Name}.m3u8`), ["#EXTM3U", ...lines, ""].join("\n"));
  }
}

type Uri = (path: string) => string;

const v3Lines = (output: RenderedOutput, uri: Uri): readonly string[] => [
  `#EXT-X-STREAM-INF:PROGRAM-ID=1,${attributesOf(output)}`,
  uri(`${output.plan.key}.m3u8`),
];

function v4Lines(members: readonly RenderedOutput[], uri: Uri): readonly string[] {
  const pictures = members.filter(({ plan }) => plan.preset.video);
  const sounds = members.filter(({ plan }) => !plan.preset.video);
  const group = sounds.length > 0 && pictures.length > 0 ? ',AUDIO="audio-0"' : "";
  const streams = pictures.length > 0 ? pictures : sounds;
  return [
    "#EXT-X-VERSION:4",
    ...(group === "" ? [] : sounds).map(({ plan }, index) => {
      const isFirst = index === 0 ? "YES" : "NO";
      return `#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio-0",NAME="Audio ${index + 1}",AUTOSELECT=${isFirst},DEFAULT=${isFirst},URI="${uri(`${plan.key}_v4.m3u8`)}"`;
    }),
    ...streams.flatMap((output) => [`#EXT-X-STREAM-INF:PROGRAM-ID=1,${attributesOf(output)}${group}`, uri(`${output.plan.key}_v4.m3u8`)]),
    ...pictures.map((output) => `#EXT-X-I-FRAME-STREAM-INF:${attributesOf(output)},URI="${uri(`${output.plan.key}_iframe.m3u8`)}"`),
  ];
}

function attributesOf({ facts: { streams, durationSeconds }, bytes }: RenderedOutput): string {
  const picture = streams.find(({ kind }) => kind === "video");
  const size = picture ? `RESOLUTION=${picture.width}x${picture.height},` : "";
  return `BANDWIDTH=${Math.ceil((bytes * 8) / durationSeconds)},${size}CODECS="${streams.map(codecOf).join(",")}"`;
}

const PROFILES: Readonly<Record<string, string>> = { "Constrained Baseline": "42c0", Baseline: "4200", Main: "4d40", High: "6400" };

/** RFC 6381 by what ffprobe says. */
const codecOf = ({ kind, profile, level }: InputStream): string =>
  kind === "audio" ? "mp4a.40.2" : `avc1.${PROFILES[profile] ?? "6400"}${level.toString(16).padStart(2, "0")}`;
