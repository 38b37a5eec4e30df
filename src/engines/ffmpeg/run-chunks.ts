import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { chunkPlan, uncutPlan } from "../../domain/chunks.ts";
import type { EncodePlan, TimeRange, VideoRendition } from "../../domain/encode-plan.ts";
import { EngineError, JobError } from "../../domain/errors.ts";
import { readInitBytes } from "../../packaging/init-bytes.ts";
import { openFeed } from "../../process/feed-pipe.ts";
import type { CommandResult } from "../../process/run-command.ts";
import type { Member, Unit } from "../../process/run-unit.ts";
import { failedByItself, succeeded } from "../../process/run-unit.ts";
import { milestones } from "./milestones.ts";

/** The first segments of every video rendition, as the packager wrote them in an attempt before. */
export interface ReusedSegments {
  readonly count: number;
  /** The files of one rendition, in order. */
  readonly filesOf: (id: string) => readonly string[];
}

export interface ChunkedEncode {
  readonly plan: EncodePlan;
  readonly ranges: readonly TimeRange[];
  /** Go through the packager before the chunks, which begin behind them: it numbers all segments as ever. */
  readonly reused?: ReusedSegments | undefined;
  readonly parallel: number;
  /** Private folder: the packager's pipes, and the chunks until they have gone through them. */
  readonly pipeDir: string;
  readonly pipeOf: (id: string) => string;
  readonly packager: Member;
  /** The ffmpeg of one part of the plan, writing where it is told. */
  readonly encoderOf: (part: EncodePlan, fileOf: (id: string) => string) => Member;
}

/** Chunks that may lie finished before the first unfinished one, as a multiple of those that run: the disk is bounded. */
const AHEAD = 2;

/**
 * Encodes chunks side by side and hands each rendition to the packager as one stream: chunk after chunk in order, the init
 * segment of the first alone. What is not cut goes straight to the packager. Resolves to the results of all encoders and the
 * packager's; throws EngineError when chunks do not fit together, or what the unit's signal says.
 */
export async function runChunks(
  encode: ChunkedEncode,
  unit: Unit,
): Promise<{ encoders: readonly CommandResult[]; packager: CommandResult }> {
  const { plan, ranges, parallel, pipeOf } = encode;
  const encoded = milestones(ranges.length, unit.signal);
  const uncut = uncutPlan(plan);
  const cut = plan.video.filter(({ copied }) => !copied);
  const fed = milestones(ranges.length, unit.signal, cut.length);
  const fileOf = (index: number, id: string): string => join(encode.pipeDir, `chunk-${String(index + 1).padStart(5, "0")}-${id}.mp4`);
  const encoders: CommandResult[] = [];
  let cause: unknown;
  const run = async (member: Member): Promise<boolean> => {
    const result = await unit.run(member);
    encoders.push(result);
    return succeeded(result);
  };
  const queue = ranges.entries();
  const worker = async (): Promise<void> => {
    for (const [index, range] of queue) {
      await fed.reached(index - parallel * AHEAD);
      if (!(await run(encode.encoderOf(chunkPlan(plan, range), (id) => fileOf(index, id))))) return;
      encoded.reach(index);
    }
  };
  const feed = async (rendition: VideoRendition): Promise<void> => {
    const files = ranges.map((_, index) => fileOf(index, rendition.id));
    const initPath = join(encode.pipeDir, `init-${rendition.id}.mp4`);
    const before = { initPath, files: encode.reused?.filesOf(rendition.id) ?? [] };
    await feedChunks({ files, before, pipe: pipeOf(rendition.id), encoded: encoded.reached, fed: fed.reach }, unit.signal);
  };
  const together = async (work: Promise<unknown>): Promise<void> => {
    try {
      await work;
    } catch (error) {
      if (!unit.signal.aborted) cause = error;
      unit.end();
    }
  };
  const packager = unit.run(encode.packager);
  const work = [
    ...(uncut.audio.length + uncut.video.length > 0 ? [run(encode.encoderOf(uncut, pipeOf))] : []),
    ...Array.from({ length: parallel }, worker),
    ...cut.map(feed),
  ];
  await Promise.allSettled([...work.map(together), packager]);
  const results = { encoders, packager: await packager };
  // A program that ended by itself says more than those who waited for it.
  const hasCulprit = [...encoders, results.packager].some(failedByItself);
  if (cause === undefined || hasCulprit) return results;
  throw cause instanceof JobError ? cause : new EngineError("engine_failed", "the chunks could not be joined", { cause });
}

interface Feeding {
  /** The chunks of one rendition in order. */
  readonly files: readonly string[];
  /** What goes between the init segment and the first chunk. */
  readonly before: { readonly initPath: string; readonly files: readonly string[] };
  readonly pipe: string;
  /** Resolves when a chunk is whole. */
  readonly encoded: (index: number) => Promise<void>;
  readonly fed: (index: number) => void;
}

async function feedChunks({ files, before, pipe, encoded, fed }: Feeding, signal: AbortSignal): Promise<void> {
  await using feed = await openFeed(pipe, signal);
  let init: Buffer | undefined;
  for (const [index, file] of files.entries()) {
    await encoded(index);
    const own = await readInitBytes(file);
    // Players read one init segment for all segments: other parameter sets would not be decoded.
    if (init && !init.equals(own)) throw new EngineError("engine_failed", `chunk ${index + 1} has other parameters than the first`);
    if (!init) {
      init = own;
      await writeFile(before.initPath, own);
      for (const path of [before.initPath, ...before.files]) await feed.send(path, 0);
    }
    await feed.send(file, own.length);
    await rm(file);
    fed(index);
  }
}
