import { join } from "node:path";
import type { EncodePlan } from "../../domain/encode-plan.ts";
import { EngineError, ResourceError, SourceError } from "../../domain/errors.ts";
import type { InputLimits } from "../../media/input-guards.ts";
import { compilePackager } from "../../packaging/compile.ts";
import { makePipes } from "../../process/make-pipes.ts";
import type { Command, CommandResult } from "../../process/run-command.ts";
import { runCommand } from "../../process/run-command.ts";
import type { SandboxAbilities } from "../../process/sandbox.ts";
import { sandboxed } from "../../process/sandbox.ts";
import { compile } from "./compile.ts";
import { decodeErrorCounter } from "./decode-errors.ts";
import { diagnose } from "./diagnose.ts";
import type { EncodeProgress } from "./progress.ts";
import { progressReader } from "./progress.ts";
import { watchProgress } from "./stall.ts";

export interface EncodeTools {
  readonly ffmpegPath: string;
  readonly packagerPath: string;
  readonly threads: number;
  readonly limits: InputLimits;
  readonly sandbox: SandboxAbilities;
  /** No progress for this long ends the encode. */
  readonly stallSeconds: number;
  readonly deadlineSeconds: number;
}

export interface EncodeRequest {
  readonly plan: EncodePlan;
  readonly sourcePath: string;
  /** Receives one folder per rendition: init.mp4 and numbered segments. */
  readonly outDir: string;
  /** Private folder for the pipes. */
  readonly pipeDir: string;
}

export interface EncodeReport {
  /** Frames of the source that were damaged; below the threshold of rejection. */
  readonly decodeErrors: number;
  readonly encoderSeconds: number;
}

/** Most bytes one child may write to one file; a six-second segment of 2160p is 20 MB. */
const MAX_FILE_BYTES = 4 * 1024 ** 3;
const CPU_HEADROOM = 8;

/**
 * Encodes and packages the plan as one unit: ffmpeg writes pipes, the packager reads them, and whichever fails takes the
 * other with it (with ffmpeg killed the packager would exit 0 and call the stub complete). Exit codes are no proof: the
 * caller reads the output back. Throws EngineError, SourceError source_corrupt, ResourceError, or the signal's reason.
 */
export async function encode(
  request: EncodeRequest,
  tools: EncodeTools,
  watch: { signal: AbortSignal; onProgress: (progress: EncodeProgress) => void },
): Promise<EncodeReport> {
  const { plan, sourcePath, outDir, pipeDir } = request;
  const pipeOf = (id: string): string => join(pipeDir, `${id}.pipe`);
  await makePipes(
    [...plan.video, ...plan.audio].map(({ id }) => pipeOf(id)),
    watch.signal,
  );
  const unit = new AbortController();
  const signal = AbortSignal.any([watch.signal, unit.signal]);
  const stall = watchProgress(tools.stallSeconds * 1000, () =>
    unit.abort(new ResourceError("stalled", `the encode made no progress for ${tools.stallSeconds} s`)),
  );
  const errors = decodeErrorCounter();
  const ffmpeg: Command = {
    command: tools.ffmpegPath,
    args: compile({ plan, sourcePath, pipeOf, limits: tools.limits, threads: tools.threads }),
  };
  const packager: Command = { command: tools.packagerPath, args: compilePackager(plan, pipeOf, (id) => join(outDir, id)) };
  const onStdoutLine = progressReader((progress) => {
    stall.advance(progress.seconds);
    watch.onProgress(progress);
  });
  const limits = { cpuSeconds: tools.deadlineSeconds * CPU_HEADROOM, fileSizeBytes: MAX_FILE_BYTES };
  const options = { signal, deadlineMs: tools.deadlineSeconds * 1000 };
  const failed = new AbortController();
  const member = async (command: Command, extra: object): Promise<CommandResult> => {
    try {
      const result = await runCommand({ ...sandboxed(command, limits, tools.sandbox), ...options, ...extra });
      if (!succeeded(result) && !unit.signal.aborted) unit.abort(failed);
      return result;
    } catch (error) {
      unit.abort(failed);
      throw error;
    }
  };
  try {
    const [encoder, packaging] = await Promise.allSettled([
      member(ffmpeg, { onStdoutLine, onStderrLine: errors.add }),
      member(packager, {}),
    ]);
    watch.signal.throwIfAborted();
    if (unit.signal.reason instanceof ResourceError) throw unit.signal.reason;
    const encoded = resultOf(encoder, tools.ffmpegPath);
    const packaged = resultOf(packaging, tools.packagerPath);
    if (!succeeded(encoded) || !succeeded(packaged)) throw diagnose({ encoder: encoded, packager: packaged, decodeErrors: errors.count() });
    refuseCorrupt(errors.count(), plan);
    return { decodeErrors: errors.count(), encoderSeconds: encoded.durationMs / 1000 };
  } finally {
    stall.stop();
  }
}

const succeeded = ({ ended, exitCode, signal }: CommandResult): boolean => ended === "exit" && exitCode === 0 && signal === null;

function resultOf(settled: PromiseSettledResult<CommandResult>, program: string): CommandResult {
  if (settled.status === "fulfilled") return settled.value;
  throw new EngineError("engine_failed", `${program} could not be started`, { cause: settled.reason });
}

function refuseCorrupt(damaged: number, { source, timeline }: EncodePlan): void {
  const frames = source.video?.frameCount ?? timeline.durationSeconds * 47;
  if (damaged > frames * 0.05)
    throw new SourceError("source_corrupt", `${damaged} of about ${Math.round(frames)} frames cannot be decoded`);
}
