import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { InputFacts } from "../input-facts.ts";
import type { EncodingTools } from "../tools.ts";
import { runTool } from "../tools.ts";
import type { GroupPlan, TrackPlan } from "./plan.ts";

export interface RenderWork {
  readonly groups: readonly GroupPlan[];
  readonly facts: InputFacts;
  /** Has `film`, the sidecars under the names of `sidecars`, and takes everything that is made. */
  readonly folder: string;
  /** Local files by URI. */
  readonly sidecars: ReadonlyMap<string, string>;
  readonly tools: EncodingTools;
  readonly signal: AbortSignal;
  readonly onPercent: (percent: number) => void;
  /** The input's own rotation is heeded; the service does that only when it is told AUTO. */
  readonly turnsByItself: boolean;
}

const EXTENSIONS = { video: "mp4", audio: "mp4", text: "vtt" } as const;

/** Where the outputs of a group are made. */
export const groupFolder = (folder: string, index: number): string => join(folder, `group${index}`);

/**
 * Encodes every track in one run of ffmpeg, and packages each CMAF group. Resolves to the files of each group. Throws
 * ToolFailed. Files are named as MediaConvert names them: <name>init.cmfv, <name>_000000001.cmfv, <name>.m3u8.
 */
export async function render(work: RenderWork): Promise<readonly (readonly string[])[]> {
  const { groups, folder, tools, signal } = work;
  for (const index of groups.keys()) await mkdir(groupFolder(folder, index));
  await runTool({ program: tools.ffmpeg, args: ffmpegArgs(work), cwd: folder, signal, onLine: progressLine(work) });
  for (const [index, group] of groups.entries()) {
    if (group.kind !== "cmaf") continue;
    await runTool({ program: tools.packager, args: packagerArgs(group, index), cwd: groupFolder(folder, index), signal });
  }
  return Promise.all(groups.map(async (_, index) => (await readdir(groupFolder(folder, index))).toSorted()));
}

const trackFile = (track: TrackPlan, group: number, place: number): string => `${group}-${place}.${EXTENSIONS[track.kind]}`;

function ffmpegArgs({ groups, sidecars, turnsByItself }: RenderWork): readonly string[] {
  const extra = [...sidecars.keys()];
  const place = ({ sidecar = "" }: TrackPlan): string => `${extra.indexOf(sidecar) + 1}:s:0`;
  return [
    ...["-v", "error", "-nostdin", "-y", "-progress", "pipe:1"],
    ...(turnsByItself ? [] : ["-noautorotate"]),
    ...["-i", "film"],
    ...extra.flatMap((uri) => ["-i", sidecars.get(uri) ?? ""]),
    ...groups.flatMap((group, index) =>
      group.tracks.flatMap((track, at) => [
        ...track.ffmpegArgs.map((arg) => (arg === "sidecar" ? place(track) : arg)),
        group.kind === "files" ? join(groupFolder("", index), `${track.name}.%07d.jpg`) : trackFile(track, index, at),
      ]),
    ),
  ];
}

function progressLine({ facts, onPercent }: RenderWork): (line: string) => void {
  return (line) => {
    const microseconds = Number(/^out_time_us=(\d+)$/.exec(line)?.[1]);
    if (microseconds > 0) onPercent(Math.min(99, Math.floor(microseconds / 10_000 / facts.durationSeconds)));
  };
}

/** The argv that makes a CMAF group's segments and manifests in the working directory, from the files beside it. */
export function packagerArgs(group: GroupPlan, index: number): readonly string[] {
  const { tracks, base, segmentSeconds, fragmentSeconds, hls, dash } = group;
  const standard = tracks.find(({ descriptor }) => descriptor.includes("default"));
  const language = standard?.descriptor.find((field) => field.startsWith("language="))?.slice("language=".length);
  return [
    ...tracks.map((track, at) => streamDescriptor(track, join("..", trackFile(track, index, at)))),
    ...["--segment_duration", `${segmentSeconds}`, "--fragment_duration", `${fragmentSeconds}`],
    ...(hls ? ["--hls_master_playlist_output", `${base}.m3u8`, "--hls_playlist_type", "VOD"] : []),
    ...(dash ? ["--mpd_output", `${base}.mpd`, "--generate_static_live_mpd"] : []),
    ...(language === undefined || language === UNDETERMINED ? [] : ["--default_language", language]),
    "--quiet",
  ];
}

/** The packager refuses it, and leaves a language out that it is not told. */
const UNDETERMINED = "und";

const SUFFIXES = { video: "cmfv", audio: "cmfa", text: "vtt" } as const;

function streamDescriptor({ kind, name, descriptor: fields }: TrackPlan, file: string): string {
  const suffix = SUFFIXES[kind];
  return [
    ...[`in=${file}`, `stream=${kind}`, `segment_template=${name}_$Number%09d$.${suffix}`, `playlist_name=${name}.m3u8`],
    ...(kind === "text" ? [] : ["output_format=mp4", `init_segment=${name}init.${suffix}`]),
    // How the service names it is not known.
    ...(fields.includes("iframe") ? [`iframe_playlist_name=${name}_iframe.m3u8`] : []),
    ...fields.filter((field) => field.includes("=") && field !== `language=${UNDETERMINED}`),
  ].join(",");
}
