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

/** Processes of one thread that this job may run at a time: its share of the cores, as far as memory goes (both as the container has them). */
export function parallelChunks(plan: EncodePlan, { parallelChunks: configured, concurrency }: CapacitySettings): number {
  if (configured > 0) return configured;
  const byMemory = (process.availableMemory() * MEMORY_SHARE) / concurrency / chunkBytes(plan);
  return Math.max(1, Math.floor(Math.min(availableParallelism() / concurrency, byMemory)));
}
