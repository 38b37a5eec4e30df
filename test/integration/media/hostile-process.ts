/** Probes each named file several times in a process of its own; prints the codes of one round, and its memory in MB after each. */
import { loadConfig } from "../../../src/config/load.ts";
import { JobError } from "../../../src/domain/errors.ts";
import { probeSource } from "../../../src/media/probe-source.ts";
import { detectSandbox } from "../../../src/process/sandbox.ts";

const [rounds = "1", ...files] = process.argv.slice(2);
const { signal } = new AbortController();
const { limits, ffmpeg } = loadConfig({ env: { PATH: process.env["PATH"], NODE_ENV: "test" } });
const tools = { ffmpegPath: ffmpeg.path, ffprobePath: ffmpeg.probePath, limits, sandbox: await detectSandbox(signal) };

const codeOf = (file: string): Promise<string> =>
  probeSource(file, tools, signal).then(
    () => "none",
    (error: unknown) => (error instanceof JobError ? error.code : String(error)),
  );

const memory: number[] = [];
let codes: string[] = [];
for (let round = 0; round < Number(rounds); round += 1) {
  codes = [];
  for (const file of files) codes.push(await codeOf(file));
  globalThis.gc?.();
  memory.push(process.memoryUsage.rss() / 1024 / 1024);
}
process.stdout.write(JSON.stringify({ codes, memory }));
