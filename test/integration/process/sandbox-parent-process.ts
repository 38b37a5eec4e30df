import { runCommand } from "../../../src/process/run-command.ts";
import { sandboxed } from "../../../src/process/sandbox.ts";

/** A worker that holds one sandboxed child until it is killed. */
const [mark = ""] = process.argv.slice(2);
const abilities = { noNetwork: true, diesWithParent: true, limits: true };
await runCommand({
  ...sandboxed({ command: "sh", args: ["-c", "sleep 60; :", mark] }, {}, abilities),
  signal: new AbortController().signal,
});
