import { chmod, writeFile } from "node:fs/promises";

/** A shell program that stands in for a real one; "$@" are the arguments it is called with. */
export async function fakeProgram(path: string, script: string): Promise<string> {
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}
