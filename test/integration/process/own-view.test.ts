import { chmod, copyFile, mkdir, symlink, writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { runCommand } from "../../../src/process/run-command.ts";
import { detectSandbox, sandboxed } from "../../../src/process/sandbox.ts";
import { openTools, tryPrograms } from "../../../src/tools.ts";
import type { TemporaryFolder } from "../../helpers/temporary-folder.ts";
import { temporaryFolder } from "../../helpers/temporary-folder.ts";

const { signal } = new AbortController();
const found = await detectSandbox(signal);

async function aConfig(folder: TemporaryFolder, interpreter: string) {
  await mkdir(folder.in("bin"));
  await writeFile(folder.in("bin", "program"), `#!${interpreter}\necho ran\n`);
  await chmod(folder.in("bin", "program"), 0o755);
  await symlink(folder.in("bin", "program"), folder.in("link"));
  const path = folder.in("link");
  return { ffmpeg: { path, probePath: path, minimumVersion: "5.1", threads: 1 }, packager: { path } };
}

describe.skipIf(!Object.values(found).every(Boolean))("a program of its own installation", () => {
  test("is shown to its fence although it is configured by a link", async () => {
    await using folder = await temporaryFolder();
    const opened = await openTools({ ...(await aConfig(folder, "/bin/sh")), sandbox: "required" }, signal);
    const tools = await tryPrograms(opened, "required", signal);
    expect(tools).toMatchObject({ isFenced: true, sandbox: { ownFiles: true } });
    const command = sandboxed({ command: tools.ffmpegPath, args: [] }, { reads: [] }, tools.sandbox);
    await expect(runCommand({ ...command, signal })).resolves.toMatchObject({ exitCode: 0, stdout: "ran\n" });
  });

  test("that needs what its fence does not show stops a start under required, and costs auto that fence", async () => {
    await using folder = await temporaryFolder();
    await copyFile("/bin/sh", folder.in("interpreter"));
    const config = await aConfig(folder, folder.in("interpreter"));
    const required = await openTools({ ...config, sandbox: "required" }, signal);
    await expect(tryPrograms(required, "required", signal)).rejects.toThrow(/sandbox: "required".*program does not start in a view/);
    const tools = await tryPrograms(await openTools({ ...config, sandbox: "auto" }, signal), "auto", signal);
    expect(tools).toMatchObject({ isFenced: false, sandbox: { ...found, ownFiles: false } });
    const command = sandboxed({ command: tools.ffmpegPath, args: [] }, { reads: [] }, tools.sandbox);
    await expect(runCommand({ ...command, signal })).resolves.toMatchObject({ exitCode: 0, stdout: "ran\n" });
  });
});
