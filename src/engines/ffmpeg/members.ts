import { availableParallelism } from "node:os";
import type { ChunkRules } from "../../domain/chunks.ts";
import type { InputLimits } from "../../media/input-guards.ts";
import type { Member } from "../../process/run-unit.ts";
import type { ProcessNeeds, SandboxAbilities } from "../../process/sandbox.ts";
import { sandboxed } from "../../process/sandbox.ts";

/** The programs of an encode and what they may use up. */
export interface EncodeTools {
  readonly ffmpegPath: string;
  readonly packagerPath: string;
  readonly threads: number;
  readonly limits: InputLimits;
  readonly sandbox: SandboxAbilities;
  /** No progress for this long ends the encode. */
  readonly stallSeconds: number;
  readonly deadlineSeconds: number;
  readonly chunks: ChunkRules;
}

/** Most bytes one child may write to one file; a six-second segment of 2160p is 20 MB. */
const MAX_FILE_BYTES = 4 * 1024 ** 3;
const CPU_HEADROOM = 8;
/**
 * Measured with 2160p and the largest ladders on two cores, most of it stacks: H.264 3.0 GB (2.1 GB in use), with HEVC 5.8
 * (4.4), with AV1 12.3 (5.2); the packager 1.1. Threads grow with the cores.
 */
const MEMORY_BYTES = 16 * 1024 ** 3;
const MEMORY_BYTES_PER_CORE = 2 * 1024 ** 3;

/** A program of the encode with the files that it may see. */
export type MemberOf = (command: string, args: readonly string[], files: Pick<ProcessNeeds, "reads" | "writes">) => Member;

/** Makes members of an encode's unit: inside their fences, and all of them with what is left until the deadline. */
export function memberFactory({ deadlineSeconds, sandbox }: EncodeTools): MemberOf {
  const limits = {
    cpuSeconds: deadlineSeconds * CPU_HEADROOM,
    fileSizeBytes: MAX_FILE_BYTES,
    memoryBytes: MEMORY_BYTES + MEMORY_BYTES_PER_CORE * availableParallelism(),
  };
  const deadline = performance.now() + deadlineSeconds * 1000;
  return (command, args, files) => ({
    ...sandboxed({ command, args }, { ...limits, ...files }, sandbox),
    deadlineMs: Math.max(1, deadline - performance.now()),
  });
}
