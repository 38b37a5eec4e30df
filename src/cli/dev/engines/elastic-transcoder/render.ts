import { mkdir, readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { inputFacts } from "../input-facts.ts";
import type { EncodingTools } from "../tools.ts";
import { runTool } from "../tools.ts";
import type { CreateJobRequest } from "./create-job.ts";
import type { OutputPlan, RenderedOutput, Shape } from "./plan.ts";
import { writeIFrames, writeMasters } from "./playlists.ts";

export interface RenderWork {
  readonly request: CreateJobRequest;
  readonly plans: readonly OutputPlan[];
  /** Holds `film`; everything is made in it, the outputs in `out`. */
  readonly folder: string;
  readonly tools: EncodingTools;
  readonly signal: AbortSignal;
}

const encoded = (index: number): string => `${index}.mp4`;

/** Encodes every output, writes it in its shapes and the playlists above them. Resolves to the files in `out`. Throws ToolFailed. */
export async function render(
  work: RenderWork,
): Promise<{ readonly outputs: readonly RenderedOutput[]; readonly files: readonly string[] }> {
  const { request, plans, folder, tools, signal } = work;
  const out = join(folder, "out");
  for (const name of namesOf(work)) await mkdir(dirname(join(out, name)), { recursive: true });
  await runTool({ program: tools.ffmpeg, args: encodeArgs(work), cwd: folder, signal });
  const copies = copyArgs(work);
  if (copies.length > 0) await runTool({ program: tools.ffmpeg, args: copies, cwd: folder, signal });
  for (const playlist of request.playlists.filter(({ Format }) => Format === "MPEG-DASH"))
    await runTool({ program: tools.packager, args: dashArgs(work, playlist), cwd: out, signal });
  const outputs = await Promise.all(
    plans.map(async (plan, index) => ({
      plan,
      facts: await inputFacts(tools, join(folder, encoded(index)), signal),
      bytes: await bytesOf(out, plan),
    })),
  );
  for (const { plan } of outputs.filter(({ plan: { preset, shapes } }) => preset.video && shapes.includes("hls-v4")))
    await writeIFrames({ out, key: plan.key, tools, signal });
  await writeMasters({ out, outputs, playlists: request.playlists });
  const files = await readdir(out, { recursive: true, withFileTypes: true });
  return {
    outputs,
    files: files
      .filter((file) => file.isFile())
      .map((file) => join(file.parentPath, file.name).slice(out.length + 1))
      .toSorted(),
  };
}

const namesOf = ({ request, plans }: RenderWork): readonly string[] => [
  ...plans.flatMap(({ key, thumbnailArgs }) => [key, ...thumbnailArgs.slice(-1)]),
  ...request.playlists.map(({ Name }) => Name),
];

const encodeArgs = ({ plans }: RenderWork): readonly string[] => [
  ...["-v", "error", "-nostdin", "-y", "-i", "film"],
  ...plans.flatMap(({ encodeArgs: args, thumbnailArgs: [...thumbnails] }, index) => {
    const pattern = thumbnails.pop();
    return [...args, encoded(index), ...(pattern === undefined ? [] : [...thumbnails, join("out", pattern)])];
  }),
];

function copyArgs({ plans }: RenderWork): readonly string[] {
  const outputs = plans.flatMap((plan, index) =>
    plan.shapes.flatMap((shape) =>
      shape === "dash" ? [] : ["-map", `${index}`, "-c", "copy", ...COPIES[shape](plan, join("out", plan.key))],
    ),
  );
  if (outputs.length === 0) return [];
  return ["-v", "error", "-nostdin", "-y", ...plans.flatMap((_, index) => ["-i", encoded(index)]), ...outputs];
}

const VOD = ["-hls_playlist_type", "vod", "-hls_list_size", "0"];

type ShapeArgs = (plan: OutputPlan, file: string) => readonly string[];

const hls = ({ segmentSeconds }: OutputPlan): readonly string[] => ["-f", "hls", "-hls_time", `${segmentSeconds}`, ...VOD];

/** One output of ffmpeg for each shape that the packager does not write. */
const COPIES: Readonly<Record<Exclude<Shape, "dash">, ShapeArgs>> = {
  "hls-v3": (plan, file) => [...hls(plan), "-hls_segment_filename", `${file}%05d.ts`, `${file}.m3u8`],
  "hls-v4": (plan, file) => [...hls(plan), "-hls_flags", "single_file", "-hls_segment_filename", `${file}.ts`, `${file}_v4.m3u8`],
  file: ({ preset }, file) => (preset.container === "ts" ? ["-f", "mpegts", file] : ["-f", "mp4", "-movflags", "+faststart", file]),
};

function dashArgs({ plans }: RenderWork, { Name, OutputKeys }: CreateJobRequest["playlists"][number]): readonly string[] {
  const members = [...plans.entries()].filter(([, { key }]) => OutputKeys.includes(key));
  const seconds = members[0]?.[1].segmentSeconds ?? 10;
  return [
    ...members.map(([index, { key, preset }]) =>
      [`in=${join("..", encoded(index))}`, `stream=${preset.video ? "video" : "audio"}`, `output=${key}`, "output_format=mp4"].join(","),
    ),
    ...["--segment_duration", `${seconds}`, "--fragment_duration", `${seconds}`, "--mpd_output", `${Name}.mpd`, "--quiet"],
  ];
}

/** What may follow the key in the name of a media file. */
const MEDIA = /^(?:\d{5})?(?:\.ts)?$/;

async function bytesOf(out: string, { key }: OutputPlan): Promise<number> {
  const folder = dirname(join(out, key));
  const own = (await readdir(folder)).filter((name) => name.startsWith(basename(key)) && MEDIA.test(name.slice(basename(key).length)));
  const sizes = await Promise.all(own.map(async (name) => (await stat(join(folder, name))).size));
  return sizes.reduce((total, size) => total + size, 0);
}
