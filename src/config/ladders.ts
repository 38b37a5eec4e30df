import { join } from "node:path";

import { z } from "zod";

import type { Ladder } from "../domain/ladder.ts";
import type { Settings } from "./config.ts";
import { ConfigError } from "./config-error.ts";
import { encryption } from "./ladder-encryption.ts";
import { CONFIG_DIRECTORY } from "./paths.ts";
import { filesIn } from "./read-file.ts";
import { readJson } from "./read-json.ts";

const bitrate = z.int().min(16_000).max(400_000_000);

const ascendingDistinct = (values: readonly number[]): boolean =>
  values.every((value, index) => index === 0 || value > (values[index - 1] ?? 0));

const rung = z.strictObject({
  shortSide: z.int().min(2).max(8192).multipleOf(2, "must be even: 4:2:0 video has no odd sizes"),
  capBps: bitrate,
});

/** x264 and x265 share their names, SVT-AV1 counts: from 13 (fastest) down to 0. */
const presetName = z.enum(["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow"]);
const crfUpTo = (worst: number): z.ZodNumber => z.number().min(0).max(worst);
const capFactor = z.number().min(0.2).max(1);

const codec = z.discriminatedUnion("codec", [
  z.strictObject({ codec: z.literal("h264"), preset: presetName, crf: crfUpTo(51) }),
  z.strictObject({ codec: z.literal("hevc"), preset: presetName, crf: crfUpTo(51), capFactor }),
  // The wrapper in ffmpeg takes whole numbers alone, and 0 for not set.
  z.strictObject({ codec: z.literal("av1"), preset: z.int().min(0).max(13), crf: z.int().min(1).max(63), capFactor }),
]);

/** The ranges of EBU R 128 and of streaming services; above -5 LUFS there is only clipping. */
const loudness = z.strictObject({
  targetLufs: z.number().min(-31).max(-5),
  truePeakDbtp: z.number().min(-9).max(0),
});

const ladder = z.strictObject({
  name: z.string(),
  codecs: z
    .array(codec)
    .refine((codecs) => codecs.some(({ codec: name }) => name === "h264"), "must have h264 among them: every player has it")
    .refine((codecs) => new Set(codecs.map(({ codec: name }) => name)).size === codecs.length, "must not name a codec twice"),
  rungs: z
    .array(rung)
    .min(1, "must have at least one rung")
    .refine((rungs) => ascendingDistinct(rungs.map(({ shortSide }) => shortSide)), "must ascend by shortSide without duplicates")
    .refine((rungs) => ascendingDistinct(rungs.map(({ capBps }) => capBps)), "must ascend by capBps"),
  highFrameRateFactor: z.number().min(1).max(4),
  gopSeconds: z.number().min(0.5).max(10),
  gopsPerSegment: z.int().min(1).max(10),
  audioBps: bitrate,
  surroundBps: bitrate.default(320_000),
  audioOnlyBps: z.array(bitrate).min(1).refine(ascendingDistinct, "must ascend without duplicates"),
  passThrough: z.boolean().default(true),
  encryption: encryption.exactOptional(),
  loudness: loudness.exactOptional(),
  perTitle: z.boolean().default(true),
});

/** Every ladder of config/ladders by name. Throws ConfigError with all problems, each naming file and field. */
export function loadLadders(directory = join(CONFIG_DIRECTORY, "ladders")): ReadonlyMap<string, Ladder> {
  const files = filesIn(directory).filter((file) => file.endsWith(".json"));
  const problems: string[] = [];
  const ladders = files.toSorted().flatMap((file) => {
    const { value, problems: found } = readLadder(join(directory, file), file);
    problems.push(...found);
    return value ? [value] : [];
  });
  if (problems.length > 0) throw new ConfigError(problems);
  return new Map(ladders.map((value) => [value.name, value]));
}

/** The ladders as jobs get them: what the configuration turns off for all is off in each. Throws ConfigError. */
export function laddersInForce({ perTitle }: Pick<Settings, "perTitle">): ReadonlyMap<string, Ladder> {
  return new Map([...loadLadders()].map(([name, value]) => [name, Object.freeze({ ...value, perTitle: value.perTitle && perTitle })]));
}

function readLadder(path: string, file: string): { readonly value?: Ladder; readonly problems: readonly string[] } {
  const json = readJson(path, `config/ladders/${file}`);
  if (json.problem !== undefined) return { problems: [json.problem] };
  const parsed = ladder.safeParse(json.value);
  if (!parsed.success) {
    return {
      problems: parsed.error.issues.map(({ path: field, message }) => `config/ladders/${file}: ${z.core.toDotPath(field)}: ${message}`),
    };
  }
  if (`${parsed.data.name}.json` !== file) {
    return { problems: [`config/ladders/${file}: name: is ${JSON.stringify(parsed.data.name)}, must be the file's`] };
  }
  return { value: Object.freeze(parsed.data), problems: [] };
}
