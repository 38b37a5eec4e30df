import { join } from "node:path";
import { planChunks, planRest } from "../../domain/chunks.ts";
import type { EncodePlan, TimeRange } from "../../domain/encode-plan.ts";
import type { ContentKey } from "../../domain/encryption.ts";
import { withoutKey } from "../../domain/encryption.ts";
import { EngineError, JobError, ResourceError, SourceError } from "../../domain/errors.ts";
import { compilePackager } from "../../packaging/compile.ts";
import { openProtection } from "../../packaging/protect.ts";
import { makePipes } from "../../process/make-pipes.ts";
import type { CommandResult } from "../../process/run-command.ts";
import type { Member } from "../../process/run-unit.ts";
import { failedByItself, openUnit, runUnit, succeeded } from "../../process/run-unit.ts";
import { chunkProgress } from "./chunk-progress.ts";
import { compile } from "./compile.ts";
import { decodeErrorCounter } from "./decode-errors.ts";
import { diagnose } from "./diagnose.ts";
import type { FfmpegExit } from "./exit-class.ts";
import { exitClass } from "./exit-class.ts";
import type { EncodeTools, MemberOf } from "./members.ts";
import { memberFactory } from "./members.ts";
import type { EncodeProgress } from "./progress.ts";
import { progressReader } from "./progress.ts";
import type { ReusedSegments } from "./run-chunks.ts";
import { runChunks } from "./run-chunks.ts";
import { soundInputs } from "./sound-inputs.ts";
import { watchProgress } from "./stall.ts";

export interface EncodeRequest {
  readonly plan: EncodePlan;
  readonly sourcePath: string;
  /** Receives one folder per rendition: init.mp4 and numbered segments. */
  readonly outDir: string;
  /** Private folder for the pipes. */
  readonly pipeDir: string;
  /** Private folder for the key, which ffmpeg does not see. */
  readonly keyDir: string;
  /** Of a plan with encryption. */
  readonly key?: ContentKey;
  /** What an attempt before has encoded already. */
  readonly reused?: ReusedSegments;
}

export interface EncodeReport {
  /** Frames of the source that were damaged; below the threshold of rejection. */
  readonly decodeErrors: number;
  readonly encoderSeconds: number;
}

/** Who follows an encode. */
export interface EncodeWatch {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: EncodeProgress) => void;
  readonly onExit: (exit: FfmpegExit, stderr: string) => void;
  /** Called once, at the first frame that is damaged. */
  readonly onDamage?: (() => void) | undefined;
}

/**
 * Encodes and packages the plan as one unit: ffmpeg writes pipes, the packager reads them, and whichever fails takes the
 * others with it (with ffmpeg killed the packager would exit 0 and call the stub complete). On many cores there is one
 * ffmpeg for each chunk, and the packager reads the same streams as ever. Exit codes are no proof: the caller reads the
 * output back. Throws EngineError, SourceError source_corrupt, ResourceError, or the signal's reason.
 */
export async function encode(request: EncodeRequest, tools: EncodeTools, watch: EncodeWatch): Promise<EncodeReport> {
  const { plan, outDir, pipeDir, keyDir, key, reused } = request;
  const pipeOf = (id: string): string => join(pipeDir, `${id}.pipe`);
  await makePipes(
    [...plan.video, ...plan.audio].map(({ id }) => pipeOf(id)),
    watch.signal,
  );
  await using protection = await openProtection(plan, key, keyDir);
  const packagerArgs = [...compilePackager(plan, pipeOf, (id) => join(outDir, id)), ...protection.options];
  const memberOf = memberFactory(tools);
  const ranges = reused ? planRest(plan, tools.chunks, reused.count) : planChunks(plan, tools.chunks);
  const job: UnitJob = {
    ...request,
    ranges,
    tools,
    pipeOf,
    memberOf,
    packager: memberOf(tools.packagerPath, packagerArgs, { reads: [pipeDir, keyDir], writes: [outDir] }),
  };
  const started = performance.now();
  const end = await supervised(tools, { ...watch, key }, (eyes) => (reused || ranges.length > 1 ? inChunks(job, eyes) : inOne(job, eyes)));
  const { encoder, decodeErrors } = end;
  const packager = { ...end.packager, stderrTail: withoutKey(end.packager.stderrTail, key) };
  if (!succeeded(encoder) || !succeeded(packager)) throw diagnose({ encoder, packager, decodeErrors });
  refuseCorrupt(decodeErrors, plan);
  return { decodeErrors, encoderSeconds: (performance.now() - started) / 1000 };
}

interface UnitJob extends EncodeRequest {
  readonly ranges: readonly TimeRange[];
  readonly tools: EncodeTools;
  readonly pipeOf: (id: string) => string;
  readonly memberOf: MemberOf;
  readonly packager: Member;
}

/** What the programs of the unit are followed with. */
interface Eyes {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: EncodeProgress) => void;
  readonly onStderrLine: (line: string) => void;
}

interface UnitEnd {
  /** Of several encoders the one that failed. */
  readonly encoder: CommandResult;
  readonly packager: CommandResult;
}

function encoderMember(job: UnitJob, plan: EncodePlan, pipeOf: (id: string) => string): Member {
  const { sourcePath, pipeDir, tools } = job;
  const args = compile({ plan, sourcePath, pipeOf, limits: tools.limits, threads: tools.threads });
  return job.memberOf(tools.ffmpegPath, args, { reads: [sourcePath, ...soundInputs(plan, sourcePath)], writes: [pipeDir] });
}

async function inOne(job: UnitJob, { signal, onProgress, onStderrLine }: Eyes): Promise<UnitEnd> {
  const ffmpeg = { ...encoderMember(job, job.plan, job.pipeOf), onStdoutLine: progressReader(onProgress), onStderrLine };
  const [encoder, packager] = await runUnit([ffmpeg, job.packager], signal);
  if (!encoder || !packager) throw new EngineError("engine_failed", "a program of the pair gave no result");
  return { encoder, packager };
}

async function inChunks(job: UnitJob, { signal, onProgress, onStderrLine }: Eyes): Promise<UnitEnd> {
  const progress = chunkProgress(onProgress, job.reused ? (job.ranges[0]?.startSeconds ?? 0) : 0);
  const encoderOf = (part: EncodePlan, fileOf: (id: string) => string): Member => {
    const { startSeconds, endSeconds } = part.range ?? { startSeconds: 0, endSeconds: 0 };
    // Sound ends long before the picture and says nothing of it.
    const onStdoutLine = part.video.some(({ copied }) => !copied) ? progress.reader(endSeconds - startSeconds) : () => undefined;
    return { ...encoderMember(job, part, fileOf), onStdoutLine, onStderrLine };
  };
  const { encoders, packager } = await runChunks({ ...job, parallel: job.tools.chunks.parallel, encoderOf }, openUnit(signal));
  const encoder =
    encoders.find(({ ended, exitCode }) => ended === "exit" && exitCode !== 0) ?? encoders.find((one) => !succeeded(one)) ?? encoders[0];
  if (!encoder) throw new EngineError("engine_failed", "no chunk was encoded");
  return { encoder, packager };
}

/** Runs the unit under the eyes of the stall watch, and counts damaged frames. */
async function supervised(
  { stallSeconds }: EncodeTools,
  watch: EncodeWatch & { readonly key: ContentKey | undefined },
  run: (eyes: Eyes) => Promise<UnitEnd>,
): Promise<UnitEnd & { readonly decodeErrors: number }> {
  const stalled = new AbortController();
  const why = new ResourceError("stalled", `the encode made no progress for ${stallSeconds} s`);
  const stall = watchProgress(stallSeconds * 1000, () => stalled.abort(why));
  const errors = decodeErrorCounter(watch.onDamage);
  const onProgress = (progress: EncodeProgress): void => {
    stall.advance(progress.seconds);
    watch.onProgress(progress);
  };
  try {
    const signal = AbortSignal.any([watch.signal, stalled.signal]);
    const end = await run({ signal, onProgress, onStderrLine: errors.add }).catch((cause: unknown) => {
      watch.signal.throwIfAborted();
      if (cause instanceof JobError) throw cause;
      throw new EngineError("engine_unavailable", "ffmpeg or the packager could not be started", { cause });
    });
    const stderr = withoutKey(`${end.packager.stderrTail}\n${end.encoder.stderrTail}`, watch.key);
    // Whoever is being ended because another failed makes no progress either: that is no stall.
    const hasStalled = stalled.signal.aborted && ![end.encoder, end.packager].some(failedByItself);
    watch.onExit(exitClass(end.encoder, hasStalled), stderr);
    watch.signal.throwIfAborted();
    if (hasStalled) throw why;
    return { ...end, decodeErrors: errors.count() };
  } finally {
    stall.stop();
  }
}

function refuseCorrupt(damaged: number, { source, timeline }: EncodePlan): void {
  const frames = source.video?.frameCount ?? timeline.durationSeconds * 47;
  if (damaged > frames * 0.05)
    throw new SourceError("source_corrupt", `${damaged} of about ${Math.round(frames)} frames cannot be decoded`);
}
