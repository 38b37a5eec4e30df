import { availableParallelism } from "node:os";
import type { Environment } from "../config/config.ts";

import { loadConfig } from "../config/load.ts";
import type { Content } from "../domain/content.ts";
import type { EncodePlan, VideoRendition } from "../domain/encode-plan.ts";
import { encodeSecondsOn } from "../domain/estimate.ts";
import type { EngineName } from "../domain/job.ts";
import { formatRational } from "../domain/rational.ts";
import { segmentCount, segmentSeconds } from "../domain/timeline.ts";
import { planSource } from "../pipeline/plan-stage.ts";
import { chooseLadder } from "./choose-ladder.ts";
import { columns, formatBitrate, formatBytes, formatDuration, printJson, printLine } from "./print.ts";
import { withProbed } from "./probe-argument.ts";
import { readArguments } from "./usage.ts";

const USAGE = {
  usage: "plan SRC [--ladder NAME] [--json]",
  about: "Says which renditions a source would get, which rungs are dropped and why. SRC is a file or s3://BUCKET/KEY.",
  options: { json: { type: "boolean" }, ladder: { type: "string" } },
  positionals: 1,
} as const;

/** `ladderd plan SRC`: prints the plan of a job without running it. */
export async function plan(argv: readonly string[], env: Environment): Promise<number> {
  const { values, positionals } = readArguments(argv, USAGE);
  const config = loadConfig({ env });
  const ladder = chooseLadder(values.ladder, config);
  const planned = await withProbed(positionals[0] ?? "", config, (source, { path, ...measuring }) =>
    planSource({ source, ladder, sourcePath: path }, measuring),
  );
  const atMostBytes = sizeLimit(planned);
  const encodeSeconds = encodeSecondsOn(availableParallelism(), planned.estimate);
  if (values.json) printJson({ ...planned, estimate: { ...planned.estimate, encodeSeconds }, engines: config.engines, atMostBytes });
  else for (const line of describePlan(planned, config.engines)) printLine(line);
  return 0;
}

/** Bytes of all renditions if each stayed at its cap throughout, and 2 % for containers. */
export function sizeLimit({ video, audio, timeline }: EncodePlan): number {
  const bps = [...video.map(({ capBps }) => capBps), ...audio.map(({ bitrateBps }) => bitrateBps)].reduce((sum, rate) => sum + rate, 0);
  return Math.ceil((bps / 8) * timeline.durationSeconds * 1.02);
}

const describeVideo = ({ width, height, codec, profile, capBps, copied }: VideoRendition, expected: string): string =>
  copied
    ? `${width}x${height}, copied from the source, ${formatBitrate(capBps)}`
    : `${width}x${height}, ${codec} ${profile}, about ${expected}, at most ${formatBitrate(capBps)}`;

/** The plan as lines for people. */
export function describePlan(planned: EncodePlan, engines: readonly EngineName[]): readonly string[] {
  const { ladder, timeline, video, audio, dropped, passThrough, encryption, estimate } = planned;
  const expected = (id: string): string => formatBitrate(estimate.renditions.find((entry) => entry.id === id)?.averageBps ?? 0);
  const rate = video.length > 0 ? `, ${formatRational(timeline.frameRate)} fps` : "";
  return columns([
    ["ladder", ladder],
    ["engine", engines.join(", else ")],
    ["timeline", `${formatDuration(timeline.durationSeconds)}${rate}`],
    ["content", describeContent(planned.content)],
    ["segments", `${segmentCount(timeline)}, each ${segmentSeconds(timeline).toFixed(3)} s, the last one what is left`],
    ...video.map((rendition) => [rendition.id, describeVideo(rendition, expected(rendition.id))]),
    ...(passThrough?.kind === "encode" ? [["not copied", passThrough.reason]] : []),
    ...audio.map(({ id, channels, bitrateBps, name }) => [
      id,
      `aac, ${channels} ch, ${formatBitrate(bitrateBps)}, ${JSON.stringify(name)}`,
    ]),
    ...dropped.map(({ shortSide, reason }) => [`not ${shortSide}`, reason]),
    ...(encryption ? [["encryption", `${encryption.scheme}, key of HLS at ${encryption.hlsKeyUri}`]] : []),
    ["estimate", describeEstimate(planned)],
  ]);
}

function describeContent(content: Content): string {
  if (content.kind === "unmeasured") return "not measured";
  if (content.kind === "unknown") return `not measured: ${content.reason}`;
  const { windowBps, width, height } = content;
  const rates = windowBps.map((bps) => formatBitrate(bps)).join(", ");
  return `${rates} at ${width}x${height} in ${windowBps.length} ${windowBps.length === 1 ? "window" : "windows"}`;
}

function describeEstimate(planned: EncodePlan): string {
  const { basis, bytes } = planned.estimate;
  const limit = `at most ${formatBytes(sizeLimit(planned))}`;
  const seconds = formatDuration(encodeSecondsOn(availableParallelism(), planned.estimate));
  return `${basis === "content" ? `about ${formatBytes(bytes)}, ` : ""}${limit}, about ${seconds} of encoding on this machine`;
}
