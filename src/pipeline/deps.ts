import type { CompatKeys } from "../config/config.ts";
import type { EncodePlan } from "../domain/encode-plan.ts";
import type { ContentKey } from "../domain/encryption.ts";
import type { Ladder } from "../domain/ladder.ts";
import type { Preset } from "../engines/elastic-transcoder/preset.ts";
import type { Source } from "../domain/source.ts";
import type { FindKey } from "../keys/find-key.ts";
import type { SourceLimits } from "../media/limits.ts";
import type { SandboxAbilities } from "../process/sandbox.ts";
import type { Services } from "./hand-over.ts";
import type { MemoryGate } from "./memory-gate.ts";
import type { ObjectStore, ReportEvent, SourceStore, TakeClaim } from "./ports.ts";

/** Everything a job needs from outside, built once by the composition root. */
export interface PipelineDeps {
  readonly sources: SourceStore;
  readonly published: ObjectStore;
  readonly ladders: ReadonlyMap<string, Ladder>;
  /** Custom presets of Elastic Transcoder that jobs may name; none when absent. */
  readonly presets?: readonly Preset[];
  readonly settings: PipelineSettings;
  readonly tools: Tools;
  readonly takeClaim: TakeClaim;
  /** Where the keys of ladders with encryption come from. */
  readonly findKey: FindKey;
  readonly report: ReportEvent;
  /** What the encodes of all jobs share; absent where there is one. */
  readonly memory?: MemoryGate;
  /** Absent: ffmpeg does everything. */
  readonly services?: Services;
}

export interface PipelineSettings {
  /** Name of the ladder for jobs that name none. */
  readonly ladder: string;
  readonly assetPathTemplate: string;
  /** Goes in front of every asset path; "" or ends with "/". */
  readonly publishPrefix: string;
  readonly workDir: string;
  readonly limits: SourceLimits;
  readonly disk: { readonly minimumFreeBytes: number; readonly sourceFactor: number };
  /** Whether the smallest renditions of a long source are published before the others are encoded. */
  readonly earlyPublish: boolean;
  /** Absent: the layout of this version. */
  readonly compat?: Pick<CompatKeys, "outputLayout">;
  /** Jobs that share the machine. */
  readonly concurrency: number;
  readonly encode: {
    readonly stallSeconds: number;
    readonly deadlineFactor: number;
    readonly deadlineMinimumSeconds: number;
    readonly chunkAboveCores: number;
    readonly chunkSegments: number;
    readonly parallelChunks: number;
  };
}

/** What attaching needs of a pipeline: no ladder and no program. */
export type AttachDeps = Pick<PipelineDeps, "sources" | "published"> & {
  readonly settings: Pick<PipelineDeps["settings"], "publishPrefix" | "assetPathTemplate" | "workDir">;
};

/** The programs and the fences around them. */
export interface Tools {
  readonly ffmpegPath: string;
  readonly ffprobePath: string;
  readonly packagerPath: string;
  /** Segments of another build of the encoder fit no init segment of this one. */
  readonly ffmpegVersion?: string;
  readonly threads: number;
  readonly sandbox: SandboxAbilities;
}

/** What a stage needs beside its input. */
export interface StageRun {
  readonly deps: PipelineDeps;
  readonly jobId: string;
  readonly signal: AbortSignal;
  /** The key of a plan with encryption; of this attempt, and not kept. */
  readonly key?: ContentKey;
}

/** What comes with one attempt at a job. */
export interface JobContext {
  /** Aborts when the lease is lost or the worker cancels; the reason is a JobError. */
  readonly signal: AbortSignal;
  /** Throws unless the lease holds by the clock: for the moment before a write that others see. */
  readonly checkLease: () => void;
  /** Of the message it came with. */
  readonly messageId: string;
  /** When that was sent, in Unix milliseconds by the clock of the queue. */
  readonly sentAtMs?: number;
  /** Keeps what was found out about the job (its probe, its plan) for the record of its failure. */
  readonly note?: (found: { readonly probe?: Source; readonly plan?: Omit<EncodePlan, "source"> }) => void;
}
