import { mkdir, readFile, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { makePipes } from "../../../src/process/make-pipes.ts";
import type { CommandResult } from "../../../src/process/run-command.ts";
import { runCommand } from "../../../src/process/run-command.ts";
import { runUnit } from "../../../src/process/run-unit.ts";
import type { ProcessNeeds, SandboxAbilities } from "../../../src/process/sandbox.ts";
import { detectSandbox, sandboxed } from "../../../src/process/sandbox.ts";
import { processMark, processesWith } from "../../helpers/process-list.ts";
import type { TemporaryFolder } from "../../helpers/temporary-folder.ts";
import { temporaryFolder } from "../../helpers/temporary-folder.ts";

const { signal } = new AbortController();
const abilities = await detectSandbox(signal);
const BARE: SandboxAbilities = { ...abilities, ownFiles: false };

/** A shell script as the program that a hostile source has taken over. */
const shell = (script: string, needs: ProcessNeeds, fences = abilities): Promise<CommandResult> =>
  runCommand({ ...sandboxed({ command: "sh", args: ["-c", script] }, needs, fences), signal, deadlineMs: 60_000 });

/** A work root with the job of the child and one of somebody else. */
async function aWorkRoot(): Promise<TemporaryFolder & { readonly needs: ProcessNeeds }> {
  const folder = await temporaryFolder();
  await Promise.all(["job-a/pipes", "job-a/key", "job-b"].map((name) => mkdir(folder.in(name), { recursive: true })));
  await writeFile(folder.in("job-a", "source.bin"), "own source");
  await writeFile(folder.in("job-a", "key", "key.flags"), "content key");
  await writeFile(folder.in("job-b", "source.bin"), "foreign source", { mode: 0o600 });
  return { ...folder, needs: { reads: [folder.in("job-a", "source.bin")], writes: [folder.in("job-a", "pipes")] } };
}

describe.skipIf(!abilities.ownFiles)("a hostile child", () => {
  test("R-X3b: reads its source, and neither another job, its own job's key, nor a secret of the system or of the user", async () => {
    await using root = await aWorkRoot();
    await using home = await temporaryFolder();
    await writeFile(home.in("credentials"), "system secret", { mode: 0o600 });
    const foreign = [root.in("job-b", "source.bin"), root.in("job-a", "key", "key.flags"), home.in("credentials"), "/etc/passwd"];
    const script = `cat ${root.in("job-a", "source.bin")} && for file in ${foreign.join(" ")}; do cat $file; done; true`;
    const fenced = await shell(script, root.needs);
    expect(fenced.stdout).toBe("own source");
    const bare = await shell(script, root.needs, BARE);
    expect(bare.stdout).toMatch(/^own sourceforeign sourcecontent keysystem secret/);
  });

  test("R-X3b: sees the names of system folders alone, no home, no processes, no work root", async () => {
    await using root = await aWorkRoot();
    const { stdout } = await shell(`ls /; ls /etc; ls -d /proc /sys /run /var /root ${homedir()}; ls ${root.path}`, root.needs);
    const allowed = new Set(["bin", "dev", "etc", "lib", "lib64", "tmp", "usr", "ld.so.cache", "alternatives", "job-a"]);
    expect(stdout.split("\n").filter((name) => name !== "" && !allowed.has(name))).toStrictEqual([]);
  });

  test("R-X3: cannot read the environment of the worker, nor signal it", async () => {
    const script = `cat /proc/*/environ; kill -0 ${process.pid} && echo reached; true`;
    const fenced = await shell(script, { reads: [] });
    expect(fenced.stdout).toBe("");
    const bare = await shell(script, { reads: [] }, { ...BARE, noNetwork: false });
    expect(bare.stdout).toContain("reached");
  });

  test("R-X3: has no way to the metadata service and no device but loopback", async () => {
    const connect = (address: string): string => `timeout 5 bash -c 'echo > /dev/tcp/${address}' && echo reached ${address}`;
    const script = `${connect("169.254.169.254/80")}; ${connect("1.1.1.1/53")}; true`;
    const { stdout, stderrTail } = await shell(script, { reads: [] });
    expect(stdout).toBe("");
    expect(stderrTail.match(/connect: Network is unreachable/g)).toHaveLength(2);
  });

  test("R-X3: writes where it may and nowhere else, not even into memory", async () => {
    await using root = await aWorkRoot();
    const pipes = root.in("job-a", "pipes");
    const places = [
      `${pipes}/mine`,
      root.in("job-a", "source.bin"),
      root.in("job-a", "x"),
      root.in("x"),
      "/x",
      "/tmp/x",
      "/dev/x",
      "/usr/x",
    ];
    const { stdout } = await shell(`for place in ${places.join(" ")}; do (echo x >> $place) && echo $place; done; true`, root.needs);
    expect(stdout.trim()).toBe(`${pipes}/mine`);
    expect(await readFile(root.in("job-a", "source.bin"), "utf8")).toBe("own source");
  });

  test("R-X3: holds no capability and gains none", async () => {
    const { stdout } = await shell("mount -t tmpfs none /tmp && echo mounted; chroot /usr true && echo chrooted; true", { reads: [] });
    expect(stdout).not.toMatch(/mounted|chrooted/);
  });

  test("R-X4: leaves no core file, keeps to its open files, and its death is told as it was", async () => {
    await using root = await aWorkRoot();
    const died = await shell(`cd ${root.in("job-a", "pipes")}; ulimit -c; ulimit -n; kill -SEGV $$`, root.needs);
    expect(died).toMatchObject({ ended: "exit", exitCode: null, signal: "SIGSEGV", stdout: "0\n1024\n" });
    for (const name of ["SIGXCPU", "SIGXFSZ", "SIGKILL", "SIGABRT"]) {
      const result = await shell(`kill -${name.slice(3)} $$`, { reads: [] });
      expect(result).toMatchObject({ ended: "exit", exitCode: null, signal: name });
    }
    await expect(shell("exit 69", { reads: [] })).resolves.toMatchObject({ exitCode: 69, signal: null });
  });

  test("R-X4: one that ignores TERM, and all that it started, is gone when it was told to end", async () => {
    const mark = processMark();
    const cancel = new AbortController();
    const script = `trap '' TERM; setsid sh -c "trap '' TERM; sleep 300; : ${mark}" & sleep 300; : ${mark}`;
    const run = runCommand({ ...sandboxed({ command: "sh", args: ["-c", script] }, { reads: [] }, abilities), signal: cancel.signal });
    await vi.waitFor(async () => expect((await processesWith(mark)).length).toBeGreaterThan(2), { timeout: 30_000, interval: 50 });
    cancel.abort();
    await expect(run).resolves.toMatchObject({ ended: "cancelled" });
    await vi.waitFor(async () => expect(await processesWith(mark)).toStrictEqual([]), { timeout: 5000, interval: 50 });
  });

  test("two programs in fences of their own talk through a named pipe of the job", async () => {
    await using root = await aWorkRoot();
    const pipe = root.in("job-a", "pipes", "v.pipe");
    await makePipes([pipe], signal);
    const member = (script: string, needs: ProcessNeeds) => sandboxed({ command: "sh", args: ["-c", script] }, needs, abilities);
    const [writer, reader] = await runUnit(
      [
        member(`cat $0 > ${pipe}`.replace("$0", root.in("job-a", "source.bin")), root.needs),
        member(`cat ${pipe}`, { reads: [join(pipe, "..")] }),
      ],
      signal,
    );
    expect(writer?.exitCode).toBe(0);
    expect(reader?.stdout).toBe("own source");
  });

  test.skipIf(process.getuid?.() !== 0)("R-X3b: stands for a user without privileges too", async () => {
    const { command, args } = sandboxed({ command: "sh", args: ["-c", "id -u; cat /etc/passwd; ls /proc"] }, { reads: [] }, abilities);
    const asNobody = { command: "setpriv", args: ["--reuid=65534", "--regid=65534", "--clear-groups", "--", command, ...args] };
    const { stdout, stderrTail } = await runCommand({ ...asNobody, signal });
    expect([stdout.trim(), stderrTail.includes("bwrap:")]).toStrictEqual(["65534", false]);
  });
});
