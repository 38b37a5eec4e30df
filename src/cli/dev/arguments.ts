import { stat } from "node:fs/promises";
import { parseArgs } from "node:util";
import type { EngineName } from "../../domain/job.ts";
import { ENGINES } from "../../domain/job.ts";
import { HelpRequested, UsageError } from "../usage.ts";

/** What `ladderd dev` was asked for. */
export interface DevArguments {
  /** As given; none means the sample clip. */
  readonly files: readonly string[];
  /** End when every upload has ended. */
  readonly once: boolean;
  readonly keepDir?: string;
  /** The origin's port; undefined means 8080 or any free one. */
  readonly port?: number;
  readonly ladder?: string;
  /** undefined means the configured order, which is ffmpeg alone. */
  readonly engine?: EngineName;
}

const HELP = `usage: ladderd dev [FILE…] [--once] [--keep DIR] [--port N] [--ladder NAME] [--engine NAME]

Starts an embedded AWS, the worker and a local origin with a player page, uploads each FILE (none: a 20 s sample clip)
and goes on until Ctrl-C; what is uploaded meanwhile is published, too.

  --once         end when every upload has ended: 0 when all are published, 1 otherwise
  --keep DIR     keep what is published in DIR
  --port N       the origin's port (default: 8080, or a free one when it is taken)
  --ladder NAME  the ladder instead of the configured one
  --engine NAME  mediaconvert or elastic-transcoder: an embedded one does the jobs, ffmpeg what it cannot; or ffmpeg
`;
const OPTIONS = {
  once: { type: "boolean", default: false },
  keep: { type: "string" },
  port: { type: "string" },
  ladder: { type: "string" },
  engine: { type: "string" },
} as const;

/** Reads the arguments. Throws UsageError, one line that names the flag, and HelpRequested for --help. */
export function parseDevArguments(argv: readonly string[]): DevArguments {
  const end = argv.indexOf("--");
  if (argv.slice(0, end < 0 ? argv.length : end).some((arg) => arg === "--help" || arg === "-h")) throw new HelpRequested(HELP);
  const { values, positionals } = parse(argv);
  const { keep, port, ladder, engine } = values;
  if (keep === "") throw new UsageError("--keep: names no folder");
  return {
    files: positionals,
    once: values.once,
    ...(keep === undefined ? {} : { keepDir: keep }),
    ...(port === undefined ? {} : { port: parsePort(port) }),
    ...(ladder === undefined ? {} : { ladder }),
    ...(engine === undefined ? {} : { engine: parseEngine(engine) }),
  };
}

/** Throws UsageError naming the first of these that is no file that can be uploaded. */
export async function requireFiles(files: readonly string[]): Promise<void> {
  for (const file of files) {
    const found = await stat(file).catch((error: unknown) => {
      throw new UsageError(`${file}: ${isMissing(error) ? "there is no such file" : String(error)}`, { cause: error });
    });
    if (!found.isFile()) throw new UsageError(`${file}: is not a file`);
  }
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? (error.message.split(/[.\n]/)[0] ?? "") : String(error), { cause: error });
  }
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new UsageError(`--port: ${JSON.stringify(text)} is no port number (0 to 65535)`);
  return port;
}

function parseEngine(text: string): EngineName {
  const engine = ENGINES.find((name) => name === text);
  if (!engine) throw new UsageError(`--engine: there is no engine ${JSON.stringify(text)} (${ENGINES.join(", ")})`);
  return engine;
}

const isMissing = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "ENOENT";
