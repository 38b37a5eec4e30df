import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TemporaryFolder } from "../../helpers/temporary-folder.ts";
import { temporaryFolder } from "../../helpers/temporary-folder.ts";
import { command, mustRun } from "../../support/command.ts";
import { withoutUser } from "../../support/logrotate.ts";
import { requireTool } from "../../support/tool.ts";

const DEPLOY = resolve(import.meta.dirname, "../../../deploy");
/** As `systemd-analyze security` counts, from 0 to 10; a unit without any hardening has 9.6. */
const MOST_EXPOSURE = 2.3;

/** Finds its lists locked at the first try. */
const APT_GET = String.raw`echo "$*" >>"$CALLS"
case "$*" in
  *update) [ "$(grep -c update "$CALLS")" -gt 1 ] || { echo "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 1 (apt-get)" >&2; exit 100; } ;;
  *install*) printf '#!/bin/sh\necho " V....D libx264 "; echo " A....D aac "\n' >"$BIN/ffmpeg"; chmod 755 "$BIN/ffmpeg" ;;
esac`;

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder[Symbol.asyncDispose]());

describe("the systemd unit", () => {
  it("is one that systemd takes without a word", async () => {
    const text = await readFile(resolve(DEPLOY, "systemd/ladderd-pm2.service"), "utf8");
    // Only an instance has what it starts.
    const file = folder.in("ladderd-pm2.service");
    await writeFile(file, text.replace("/opt/ladderd/current/runtime/node ", `${process.execPath} `));
    const { exitCode, stdout, stderr } = await command(requireTool("systemd-analyze"), ["verify", file]);
    expect({ exitCode, said: stdout + stderr }).toEqual({ exitCode: 0, said: "" });
  });

  it("keeps away from the worker what it does not need", async () => {
    const file = resolve(DEPLOY, "systemd/ladderd-pm2.service");
    const report = await mustRun(requireTool("systemd-analyze"), ["security", "--offline=true", "--no-pager", file]);
    const exposure = Number(/Overall exposure level .*: ([\d.]+)/.exec(report)?.[1]);
    expect(exposure).toBeGreaterThan(0);
    expect(exposure).toBeLessThanOrEqual(MOST_EXPOSURE);
  });
});

it("logrotate takes its rules", async () => {
  const text = await readFile(resolve(DEPLOY, "logrotate/ladderd"), "utf8");
  await writeFile(folder.in("logrotate.conf"), withoutUser(text), { mode: 0o644 });
  const { exitCode, stderr } = await command(requireTool("logrotate"), ["--debug", folder.in("logrotate.conf")]);
  expect(exitCode).toBe(0);
  for (const pattern of ["/var/log/ladderd/*.log", "/var/lib/ladderd/pm2/*.log"]) expect(stderr).toContain(`rotating pattern: ${pattern} `);
  expect(stderr).not.toMatch(/^error/m);
});

describe("install-ffmpeg.sh", () => {
  const install = (...args: readonly string[]) =>
    command("sh", [resolve(DEPLOY, "install-ffmpeg.sh"), ...args], {
      env: { PATH: process.env["PATH"] ?? "", FFMPEG_PREFIX: folder.in("prefix") },
    });
  let archive: readonly [url: string, sha256: string];
  beforeAll(async () => {
    const programs = await mustRun("sh", ["-c", "command -v ffmpeg; command -v ffprobe"]);
    await mustRun("mkdir", ["-p", folder.in("static/bin")]);
    await mustRun("cp", [...programs.trim().split("\n"), folder.in("static/bin")]);
    await mustRun("tar", ["-cJf", folder.in("ffmpeg.tar.xz"), "-C", folder.path, "static"]);
    const [sha256 = ""] = (await mustRun("sha256sum", [folder.in("ffmpeg.tar.xz")])).split(" ");
    archive = [`file://${folder.in("ffmpeg.tar.xz")}`, sha256];
  });

  it("says nothing where everything is there", async () => {
    expect(await install()).toEqual({ exitCode: 0, stdout: "", stderr: "" });
  });

  it("takes no other archive than the one that is pinned", async () => {
    const [url, sha256] = archive;
    const end = await install("--archive", url, "0".repeat(64));
    expect(end).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(`its SHA-256 is ${sha256}, not 000`) });
    expect((await command("ls", [folder.in("prefix")])).exitCode).not.toBe(0);
  });

  it("puts the programs of a pinned archive in place, and does it once", async () => {
    expect(await install("--archive", ...archive)).toEqual({ exitCode: 0, stdout: "", stderr: "" });
    expect(await mustRun(folder.in("prefix/bin/ffprobe"), ["-version"])).toContain("ffprobe version");
    await mustRun("rm", [folder.in("ffmpeg.tar.xz")]);
    expect(await install("--archive", ...archive)).toEqual({ exitCode: 0, stdout: "", stderr: "" });
  });

  it("waits for a system that brings itself up to date, and tries again while its lists are locked", async () => {
    const bin = folder.in("fresh");
    const calls = folder.in("apt-calls");
    await mkdir(bin);
    const tools = ["cat", "chmod", "date", "grep", "mktemp", "rm", "uname"];
    for (const tool of tools) await symlink((await mustRun("sh", ["-c", `command -v ${tool}`])).trim(), resolve(bin, tool));
    const programs = { id: "echo 0", sleep: 'echo "sleep $1" >>"$CALLS"', "apt-get": APT_GET };
    for (const [name, body] of Object.entries(programs)) await writeFile(resolve(bin, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
    const env = { PATH: bin, BIN: bin, CALLS: calls };
    expect(await command("/bin/sh", [resolve(DEPLOY, "install-ffmpeg.sh")], { env })).toMatchObject({ exitCode: 0 });
    expect((await readFile(calls, "utf8")).trim().split("\n")).toEqual([
      "-o DPkg::Lock::Timeout=300 update",
      "sleep 10",
      "-o DPkg::Lock::Timeout=300 update",
      expect.stringMatching(/^-o DPkg::Lock::Timeout=300 install -y --no-install-recommends ffmpeg\b/),
    ]);
  });

  it("does not know any other option", async () => {
    expect(await install("--everything")).toMatchObject({ exitCode: 64, stderr: expect.stringContaining("usage") });
  });
});
