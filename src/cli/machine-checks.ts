import { mkdir, rm, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { Config } from "../config/config.ts";
import { encodersFor, inspectFfmpeg, judgeFfmpeg } from "../lifecycle/ffmpeg-check.ts";
import { runCommand } from "../process/run-command.ts";
import { chooseSandbox, detectSandbox } from "../process/sandbox.ts";
import type { Check } from "./checks.ts";
import { chooseLadder } from "./choose-ladder.ts";
import { formatBytes } from "./print.ts";

/** What this machine must have: ffmpeg, ffprobe, the packager, fences for them and room to work. */
export function machineChecks(config: Config): readonly Check[] {
  return [
    ffmpegCheck(config),
    programCheck("ffprobe", config.ffmpeg.probePath, "-version"),
    programCheck("packager", config.packager.path, "--version"),
    sandboxCheck(config),
    workDirCheck(config),
  ];
}

const ffmpegCheck = ({ ffmpeg, ladder, perTitle }: Config): Check => ({
  name: "ffmpeg",
  run: async (signal) => {
    const encoders = encodersFor(chooseLadder(undefined, { ladder, perTitle }));
    const facts = await inspectFfmpeg(ffmpeg.path, signal);
    const { problems, warnings } = judgeFfmpeg(facts, { minimumVersion: ffmpeg.minimumVersion, encoders });
    const [first] = [...problems, ...warnings];
    if (first === undefined) return { status: "ok", detail: `${facts.version}, with ${encoders.join(", ")}, bwdif, zscale and tonemap` };
    return { status: problems.length > 0 ? "failed" : "warning", detail: [...problems, ...warnings].join("; ") };
  },
});

const programCheck = (name: string, path: string, question: string): Check => ({
  name,
  run: async (signal) => {
    const { exitCode, stdout, stderrTail } = await runCommand({ command: path, args: [question], signal });
    const said = `${stdout}${stderrTail}`.split("\n")[0] ?? "";
    return exitCode === 0 ? { status: "ok", detail: said } : { status: "failed", detail: `${path} ends with ${exitCode}: ${said}` };
  },
});

const sandboxCheck = ({ sandbox }: Config): Check => ({
  name: "sandbox",
  run: async (signal) => {
    if (sandbox === "off") return { status: "warning", detail: "switched off: ffmpeg reads hostile files without a fence" };
    const { missing } = chooseSandbox(sandbox, await detectSandbox(signal));
    if (missing.length === 0)
      return { status: "ok", detail: `${sandbox}: sees its own job alone, no network, resource limits, dies with the worker` };
    return {
      status: sandbox === "required" ? "failed" : "warning",
      detail: `${sandbox}, but this machine does not let us use ${missing.join(", ")}`,
    };
  },
});

const workDirCheck = ({ workDir, disk }: Config): Check => ({
  name: "work folder",
  run: async () => {
    await mkdir(workDir, { recursive: true });
    const file = join(workDir, `.doctor-${process.pid}`);
    await writeFile(file, "");
    await rm(file);
    const { bavail, bsize } = await statfs(workDir);
    const free = bavail * bsize;
    const enough = free >= disk.minimumFreeBytes;
    const room = `${formatBytes(free)} free${enough ? "" : `, below disk.minimumFreeBytes (${formatBytes(disk.minimumFreeBytes)})`}`;
    return { status: enough ? "ok" : "failed", detail: `${workDir} can be written, ${room}` };
  },
});
