import { hostname } from "node:os";

import type { DestinationStream, Logger } from "pino";
import { pino } from "pino";
import { prettyFactory } from "pino-pretty";

import type { LogLevel } from "../config/config.ts";
import { PACKAGE_VERSION } from "../config/version.ts";
import { escapeControls, keepEscapes, redact } from "./redact.ts";

export type { Logger } from "pino";

export interface LoggerOptions {
  readonly level: LogLevel;
  /** Lines for people instead of JSON. */
  readonly pretty: boolean;
  /** Where lines go instead of stdout. */
  readonly destination?: DestinationStream;
}

/** More than this unwritten and lines are dropped: a reader that stopped reading must not stop the worker. */
const MAX_BUFFERED_BYTES = 8 * 1024 * 1024;

const LAST_WORDS_MS = 1000;

/** The root logger: credentials and signed URLs never leave it, whatever field they are in. */
export function createLogger({ level, pretty, destination }: LoggerOptions): Logger {
  const clean = (line: string): string => escapeControls(redact(line));
  return pino(
    {
      level,
      base: pretty ? null : { version: PACKAGE_VERSION, hostname: hostname() },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      hooks: { streamWrite: pretty ? (line) => keepEscapes(clean(line)) : clean },
    },
    pretty ? prettyStream(destination) : (destination ?? stdoutDestination()),
  );
}

/** Writes in its own time, and at the exit for as long as somebody reads: pino's own flush waits for ever for a full pipe. */
function stdoutDestination(): DestinationStream {
  let giveUpAtMs = Infinity;
  const retryEAGAIN = (): boolean => performance.now() < giveUpAtMs;
  const stream = pino.destination({ dest: 1, sync: false, maxLength: MAX_BUFFERED_BYTES, retryEAGAIN });
  const flush = stream.flushSync.bind(stream);
  stream.flushSync = () => {
    giveUpAtMs = performance.now() + LAST_WORDS_MS;
    try {
      flush();
    } catch {
      // Nobody reads: what is left is lost, the exit code is not.
    }
  };
  return stream;
}

/** Formats in the same tick: what is logged before a crash is seen. */
function prettyStream(destination: DestinationStream | undefined): DestinationStream {
  const format = prettyFactory({ colorize: !destination && process.stdout.isTTY, translateTime: "HH:MM:ss" });
  const target = destination ?? pino.destination({ dest: 1, sync: true });
  return { write: (line) => target.write(format(line)) };
}
