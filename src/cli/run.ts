import { closestName } from "../config/closest-name.ts";
import type { Environment } from "../config/config.ts";
import { COMMANDS } from "./commands.ts";
import { exitCodeOf, explain } from "./failure.ts";
import { printError, printLine } from "./print.ts";
import { HelpRequested, UsageError } from "./usage.ts";

/** Runs the command that the arguments name and resolves to the exit code: 0, 1, 64, 65 or 78. Never rejects. */
export async function run(argv: readonly string[], env: Environment): Promise<number> {
  try {
    return await dispatch(argv, env);
  } catch (error) {
    if (error instanceof HelpRequested) printLine(error.message.trimEnd());
    else for (const line of explain(error)) printError(`ladderd: ${line}`);
    return exitCodeOf(error);
  }
}

async function dispatch(argv: readonly string[], env: Environment): Promise<number> {
  const [name, ...rest] = argv;
  if (name === "--version") {
    printLine((await import("../config/version.ts")).PACKAGE_VERSION);
    return 0;
  }
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    printLine(overview());
    return name === undefined ? 64 : 0;
  }
  const entry = COMMANDS.get(name);
  if (!entry) {
    throw new UsageError(
      `there is no command ${JSON.stringify(name)}; did you mean ${closestName(name, [...COMMANDS.keys()])}?\n\n${overview()}`,
    );
  }
  const command = await entry.load();
  return command(rest, env);
}

function overview(): string {
  const rows = [...COMMANDS].map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`);
  return [
    "usage: ladderd COMMAND [options]",
    "",
    ...rows,
    "",
    "ladderd COMMAND --help says more; ladderd --version says which this is.",
  ].join("\n");
}
