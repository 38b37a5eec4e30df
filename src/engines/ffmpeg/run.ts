import { join } from "node:path";
import type { EncodePlan } from "../../domain/encode-plan.ts";
import type { ContentKey } from "../../domain/encryption.ts";
import { withoutKey } from "../../domain/encryption.ts";
import { EngineError, ResourceError, SourceError } from "../../domain/errors.ts";
import type { InputLimits } from "../../media/input-guards.ts";
import { compilePackager } from "../../packaging/compile.ts";
import { openProtection } from "../../packaging/protect.ts";
import { makePipes } from "../../process/make-pipes.ts";
import type { CommandResult } from "../../process/run-command.ts";
import { runUnit, succeeded } from "../../process/run-unit.ts";
import type { SandboxAbilities } from "../../process/sandbox.ts";
import { sandboxed } from "../../process/sandbox.ts";
import { compile } from "./compile.ts";
import { decodeErrorCounter } from "./decode-errors.ts";
import { diagnose } from "./diagnose.ts";
import type { FfmpegExit } from "./exit-class.ts";
import { exitClass } from "./exit-class.ts";
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
  /** Of a plan with encryption. */
  readonly key?: ContentKey;
}

export interface EncodeReport {
  /** Frames of the source that were damaged; below the threshold of rejection. */
  readonly decodeErrors: number;
  readonly encoderSeconds: number;
}

/** Most bytes one child may write to one file; a six-second segment of 2160p is 20 MB. */
const MAX_FILE_BYTES = 4 * 1024 ** 3;
const CPU_HEADROOM = 8;

/** Who follows an encode. */
export interface EncodeWatch {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: EncodeProgress) => void;
  readonly onExit: (exit: FfmpegExit) => void;
}

/**
 * Encodes and packages the plan as one unit: ffmpeg writes pipes, the packager reads them, and whichever fails takes the
 * other with it (with ffmpeg killed the packager would exit 0 and call the stub complete). Exit codes are no proof: the
 * caller reads the output back. Throws EngineError, SourceError source_corrupt, ResourceError, or the signal's reason.
 */
export async function encode(
  { plan, sourcePath, outDir, pipeDir, key }: EncodeRequest,
  tools: EncodeTools,
  watch: EncodeWatch,
): Promise<EncodeReport> {
  const renditions = [...plan.video, ...plan.audio];
  const pipeOf = (id: string): string => join(pipeDir, `${id}.pipe`);
  await makePipes(
    renditions.map(({ id }) => pipeOf(id)),
    watch.signal,
  );
  const args = compile({ plan, sourcePath, pipeOf, limits: tools.limits, threads: tools.threads });
  await using protection = await openProtection(plan, key, pipeDir);
  const packagerArgs = [...compilePackager(plan, pipeOf, (id) => join(outDir, id)), ...protection.options];
  const { encoder, packager: said, decodeErrors } = await runPair({ ffmpeg: args, packager: packagerArgs }, tools, watch);
  const packager = { ...said, stderrTail: withoutKey(said.stderrTail, key) };
  if (!succeeded(encoder) || !succeeded(packager)) throw diagnose({ encoder, packager, decodeErrors });
  refuseCorrupt(decodeErrors, plan);
  return { decodeErrors, encoderSeconds: encoder.durationMs / 1000 };
}

interface Pair {
  readonly encoder: CommandResult;
  readonly packager: CommandResult;
  readonly decodeErrors: number;
}

async function runPair(
  args: { ffmpeg: readonly string[]; packager: readonly string[] },
  tools: EncodeTools,
  watch: EncodeWatch,
): Promise<Pair> {
  const stalled = new AbortController();
  const why = new ResourceError("stalled", `the encode made no progress for ${tools.stallSeconds} s`);
  const stall = watchProgress(tools.stallSeconds * 1000, () => stalled.abort(why));
  const errors = decodeErrorCounter();
  const limits = { cpuSeconds: tools.deadlineSeconds * CPU_HEADROOM, fileSizeBytes: MAX_FILE_BYTES };
  const deadlineMs = tools.deadlineSeconds * 1000;
  const member = (command: string, argv: readonly string[]) => ({
    ...sandboxed({ command, args: argv }, limits, tools.sandbox),
    deadlineMs,
  });
  const onStdoutLine = progressReader((progress) => {
    stall.advance(progress.seconds);
    watch.onProgress(progress);
  });
  try {
    const members = [
      { ...member(tools.ffmpegPath, args.ffmpeg), onStdoutLine, onStderrLine: errors.add },
      member(tools.packagerPath, args.packager),
    ];
    const [encoder, packager] = await runUnit(members, AbortSignal.any([watch.signal, stalled.signal])).catch((cause: unknown) => {
      watch.signal.throwIfAborted();
      throw new EngineError("engine_failed", "ffmpeg or the packager could not be started", { cause });
    });
    if (!encoder || !packager) throw new EngineError("engine_failed", "a program of the pair gave no result");
    watch.onExit(exitClass(encoder, stalled.signal.aborted));
    watch.signal.throwIfAborted();
    stalled.signal.throwIfAborted();
    return { encoder, packager, decodeErrors: errors.count() };
  } finally {
    stall.stop();
  }
}

function refuseCorrupt(damaged: number, { source, timeline }: EncodePlan): void {
  const frames = source.video?.frameCount ?? timeline.durationSeconds * 47;
  if (damaged > frames * 0.05)
    throw new SourceError("source_corrupt", `${damaged} of about ${Math.round(frames)} frames cannot be decoded`);
}
