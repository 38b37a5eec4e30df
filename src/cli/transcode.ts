import type { Config, Environment } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import { requireFfmpeg } from "../config/programs.ts";
import type { JobEvent } from "../pipeline/ports.ts";
import { chooseLadder } from "./choose-ladder.ts";
import { interruptible } from "./interruptible.ts";
import { formatDuration, printJson, printLine } from "./print.ts";
import { readArguments, UsageError } from "./usage.ts";

const USAGE = {
  usage: "transcode FILE --out DIR [--ladder NAME] [--json]",
  about: "Makes index.m3u8, index.mpd and asset.json of FILE in DIR, without SQS and S3. On any failure DIR holds nothing new.",
  options: { out: { type: "string" }, ladder: { type: "string" }, json: { type: "boolean" } },
  positionals: 1,
} as const;

/** `ladderd transcode FILE --out DIR`: the pipeline of a job on local folders. */
export async function transcode(argv: readonly string[], env: Environment): Promise<number> {
  const { values, positionals } = readArguments(argv, USAGE);
  const [file = ""] = positionals;
  const outDir = values.out;
  if (outDir === undefined) throw new UsageError(`--out DIR is missing\nusage: ladderd ${USAGE.usage}`);
  const config = configWith(loadConfig({ env }), values.ladder);
  requireFfmpeg(config);
  const { transcodeFile } = await import("../pipeline/transcode-file.ts");
  const onEvent = process.stderr.isTTY ? showProgress : () => undefined;
  const done = await interruptible((signal) => transcodeFile({ file, outDir, config, signal, onEvent }));
  if (values.json) printJson({ ...done, hls: `${outDir}/index.m3u8`, dash: `${outDir}/index.mpd` });
  else printLine(`${outDir}/index.m3u8  ${formatDuration(done.durationSeconds)}, ${done.renditions.join(" ")}, revision ${done.revision}`);
  return 0;
}

const configWith = (config: Config, ladder: string | undefined): Config => ({
  ...config,
  ladder: chooseLadder(ladder, config).name,
});

/** One line that is written over itself. */
function showProgress(event: JobEvent): void {
  if (event.kind === "ended") process.stderr.write("\r\u001B[K");
  if (event.kind !== "progress") return;
  const left = event.secondsLeft === undefined ? "" : `, ${formatDuration(event.secondsLeft)} left`;
  process.stderr.write(`\r\u001B[K${event.stage} ${Math.round(100 * event.fraction)} %${left}`);
}
