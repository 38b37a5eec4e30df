import { availableParallelism } from "node:os";
import { chunkBytes } from "../../domain/chunks.ts";
import type { EncodePlan } from "../../domain/encode-plan.ts";

/** What a job may take of this machine. */
export interface CapacitySettings {
  /** Chunks at a time as configured; 0 measures. */
  readonly parallelChunks: number;
  /** Jobs that share the machine. */
  readonly concurrency: number;
}

/** Of the memory that is free when a job begins. */
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
