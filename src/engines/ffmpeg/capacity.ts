import { availableParallelism, totalmem } from "node:os";
import type { ChunkRules } from "../../domain/chunks.ts";
import { chunkBytes, planChunks } from "../../domain/chunks.ts";
import type { EncodePlan } from "../../domain/encode-plan.ts";

/** What a job may take of this machine. */
export interface CapacitySettings {
  /** Chunks at a time as configured; 0 measures. */
  readonly parallelChunks: number;
  /** Jobs that share the machine. */
  readonly concurrency: number;
}

/** Of the memory that is free when a job begins, and for all of them together of what there is. */
const MEMORY_SHARE = 0.8;

/** x264 takes so many for each core; more cores than one ffmpeg can use would only cost memory (4.25 GB on 64, MEDIA.md). */
const THREADS_PER_CORE = 1.5;

/** Threads of each encoder in one ffmpeg: as configured, or what the most cores it can use would give it; 0 is its own choice. */
export function encoderThreads(
  configured: number,
  { cores, usableCores }: { readonly cores: number; readonly usableCores: number },
): number {
  return configured > 0 || cores <= usableCores ? configured : Math.ceil(THREADS_PER_CORE * usableCores);
}

/** Processes of one thread that this job may run at a time: its share of the cores, as far as memory goes (both as the container has them). */
export function parallelChunks(plan: EncodePlan, { parallelChunks: configured, concurrency }: CapacitySettings): number {
  if (configured > 0) return configured;
  const byMemory = (process.availableMemory() * MEMORY_SHARE) / concurrency / chunkBytes(plan);
  return Math.max(1, Math.floor(Math.min(availableParallelism() / concurrency, byMemory)));
}

/** What all encodes of this machine may take together; a container has what it is limited to. */
export const encodeBudgetBytes = (): number => MEMORY_SHARE * Math.min(totalmem(), process.constrainedMemory() || Infinity);

/**
 * One ffmpeg with its threads takes more than one of a single thread by this for each core that it can use: measured on two
 * cores 0.67 GB at 1080p and 2.33 GB at 2160p, of 0.39 and 1.33.
 */
const SHARE_PER_CORE = 0.375;

/** Memory that the encode of this plan needs, in bytes: of its chunks at a time, or of the one process with its threads. */
export function encodeBytes(plan: EncodePlan, chunks: ChunkRules): number {
  const count = planChunks(plan, chunks).length;
  if (count > 1) return chunkBytes(plan) * Math.min(count, chunks.parallel);
  return chunkBytes(plan) * (1 + SHARE_PER_CORE * Math.min(availableParallelism(), chunks.aboveCores));
}
