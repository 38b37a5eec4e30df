import type { ParseArgsOptionsConfig } from "node:util";
import { parseArgs } from "node:util";

/** The command line cannot be understood; ends the process with 64. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly exitCode = 64;
}

/** The command was asked how it is used; not a failure. */
export class HelpRequested extends Error {
  override readonly name = "HelpRequested";
  readonly exitCode = 0;
}

export interface CommandUsage<Options extends ParseArgsOptionsConfig> {
  /** How the command is written, its arguments in capitals: "probe SRC [--json]". */
  readonly usage: string;
  readonly about: string;
  readonly options: Options;
  /** How many arguments beside options it takes. */
  readonly positionals: number;
}

/** The command's options and arguments. Throws UsageError for what it does not know and HelpRequested for --help. */
export function readArguments<Options extends ParseArgsOptionsConfig>(argv: readonly string[], command: CommandUsage<Options>) {
  if (argv.includes("--help") || argv.includes("-h")) throw new HelpRequested(helpOf(command));
  const parsed = parse(argv, command);
  if (parsed.positionals.length !== command.positionals) {
    const wrong = parsed.positionals.length < command.positionals ? "something is missing" : `unexpected ${parsed.positionals.at(-1)}`;
    throw new UsageError(`${wrong}\nusage: ladderd ${command.usage}`);
  }
  return parsed;
}

/** The number of seconds that an option was given. Throws UsageError for what is none. */
export function secondsOf(option: string, text: string): number {
  const seconds = Number(text);
  if (seconds > 0 && Number.isFinite(seconds)) return seconds;
  throw new UsageError(`${option} takes a number of seconds, not ${text}`);
}

function parse<Options extends ParseArgsOptionsConfig>(argv: readonly string[], { options, usage }: CommandUsage<Options>) {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });
  } catch (error) {
    const what = error instanceof Error ? error.message.split(". ")[0] : String(error);
    throw new UsageError(`${what}\nusage: ladderd ${usage}`, { cause: error });
  }
}

function helpOf({ usage, about }: CommandUsage<ParseArgsOptionsConfig>): string {
  return `usage: ladderd ${usage}\n\n${about}\n`;
}
