import ffmpeg from "fluent-ffmpeg";
import { z } from "zod";
import type { EncodePlan, Rendition } from "../../domain/encode-plan.ts";
import { segmentSeconds } from "../../domain/timeline.ts";
import type { InputLimits } from "../../media/input-guards.ts";
import { inputGuards, programGuards } from "../../media/input-guards.ts";
import { audioOptions } from "./audio-options.ts";
import { filterGraph } from "./filter-graph.ts";
import { padOf } from "./pads.ts";
import { seekOptions } from "./seek.ts";
import { soundInputs } from "./sound-inputs.ts";
import { videoOptions } from "./video-options.ts";

export interface CompileInput {
  readonly plan: EncodePlan;
  readonly sourcePath: string;
  /** One pipe per rendition, by its id. */
  readonly pipeOf: (id: string) => string;
  readonly limits: InputLimits;
  /** Encoder threads a rendition; 0 leaves it to the encoder. */
  readonly threads: number;
}

/** More undecodable frames than this share and ffmpeg ends with code 69 (R-X8). */
const MAX_ERROR_RATE = 0.05;

/**
 * The ffmpeg argv for a whole plan: every rendition from one decode, each as fragmented MP4 into its pipe. Pure;
 * composed by fluent-ffmpeg, which never runs anything here. Throws when the archived library changes its shape.
 */
export function compile(input: CompileInput): readonly string[] {
  const { plan, limits, sourcePath } = input;
  const command = ffmpeg(sourcePath).inputOptions(separate([...programOptions(plan), ...inputGuards(limits), ...seekOptions(plan)]));
  for (const path of soundInputs(plan, sourcePath)) command.input(path).inputOptions(separate(inputGuards(limits)));
  const graph = filterGraph(plan);
  if (graph.length > 0) command.complexFilter([...graph]);
  for (const rendition of [...plan.video.toReversed(), ...plan.audio]) {
    command.output(input.pipeOf(rendition.id)).outputOptions(separate(renditionOptions(rendition, input)));
  }
  return argvOf(command);
}

function programOptions({ range, passThrough }: EncodePlan): string[] {
  return [
    "-hide_banner",
    ...programGuards(),
    // Damaged frames are counted by line, so equal lines must not be folded into one; progress has a pipe of its own.
    ...["-loglevel", "repeat+level+warning", "-nostats", "-progress", "pipe:1", "-stats_period", "0.5"],
    // A hole of two seconds is much of a chunk and little of a film: chunks are judged together, by whoever runs them.
    ...["-max_error_rate", range ? "1" : `${MAX_ERROR_RATE}`],
    ...(range ? ["-filter_complex_threads", "1"] : []),
    // A chunk has one core to itself. Damage in a copy reaches every player, and decoder threads lose the mark of a damaged frame:
    // with two of them always, with three 8 of 240 times on a busy machine (ffmpeg 5.1), with one never.
    ...(range || passThrough?.kind === "copy" ? ["-threads", "1"] : []),
    // Turning is in the filter graph: versions differ in what they make of mirrored matrices, tags and odd angles.
    "-noautorotate",
    // A picture that changes its size would begin the graph anew, and the timeline with it; the first filter takes the change.
    ...["-reinit_filter:v", "0"],
  ];
}

function renditionOptions(rendition: Rendition, { plan: { source, timeline, range }, threads }: CompileInput): string[] {
  return [
    ...["-map", rendition.kind === "video" && rendition.copied ? `0:${source.video?.index ?? 0}` : padOf(rendition.id)],
    // Nothing of the source's text reaches the public: no GPS, no titles, no chapters (R-X11).
    ...["-map_metadata", "-1", "-map_chapters", "-1"],
    ...(rendition.kind === "video"
      ? videoOptions(rendition, { timeline, range, threads: range ? 1 : threads })
      : audioOptions(rendition, segmentSeconds(timeline))),
    ...["-f", "mp4"],
  ];
}

/** fluent-ffmpeg splits an array element at its first space; single strings after a marker are taken as they are. */
function separate(options: readonly string[]): string[] {
  const spaced = options.find((option) => /\s/.test(option));
  if (spaced) throw new RangeError(`an ffmpeg option must not hold a space: ${spaced}`);
  return [...options];
}

const argv = z.array(z.union([z.string(), z.number()]).transform(String));

function argvOf(command: object): readonly string[] {
  const compose: unknown = Reflect.get(command, "_getArguments");
  if (typeof compose !== "function") throw new TypeError("fluent-ffmpeg has no _getArguments");
  return argv.parse(Reflect.apply(compose, command, []));
}
