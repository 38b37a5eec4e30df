import { runCommand } from "../../../src/process/run-command.ts";
import { detectSandbox, sandboxed } from "../../../src/process/sandbox.ts";

/** A worker that holds one sandboxed child until it is killed. */
const [mark = "", without = ""] = process.argv.slice(2);
const { signal } = new AbortController();
const found = await detectSandbox(signal);
const abilities = { ...found, ownFiles: found.ownFiles && without !== "without-bwrap" };
await runCommand({
  ...sandboxed({ command: "sh", args: ["-c", "echo ready; sleep 60; :", mark] }, { reads: [] }, abilities),
  signal,
  onStdoutLine: (line) => process.stdout.write(`${line}\n`),
});
