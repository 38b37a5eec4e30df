/** Opens as many files as this process may, then starts a program; prints why that fails. */
import { openSync } from "node:fs";
import { runCommand } from "../../../src/process/run-command.ts";

const { signal } = new AbortController();
const start = async (): Promise<unknown> => runCommand({ command: "true", args: [], signal });
const codeOf = (error: unknown): unknown => (error instanceof Error && "code" in error ? error.code : error);

// With the modules loaded that it takes.
await start();
try {
  for (;;) openSync("/dev/null", "r");
} catch {
  console.log(await start().catch(codeOf));
}
