import { readFile } from "node:fs/promises";
import { expect } from "vitest";
import { z } from "zod";
import { conformance } from "../conformance/conformance.ts";
import { readMultivariant } from "./published.ts";
import type { TemporaryFolder } from "./temporary-folder.ts";
import type { TranscodeOptions } from "./transcode.ts";
import { transcodeIn } from "./transcode.ts";

const record = z.looseObject({ durationSeconds: z.number(), frameRate: z.string().optional(), degraded: z.array(z.string()).default([]) });

/** What a test asks of a published fixture. */
export interface Conforming {
  /** Media playlist of the largest video; of the first sound where there is none. */
  readonly top: string;
  /** Media playlists of the sound, in their order. */
  readonly audio: readonly string[];
  /** Pictures of the variants, the largest first. */
  readonly sizes: readonly string[];
  readonly seconds: number;
  readonly frameRate: string | undefined;
  readonly degraded: readonly string[];
}

export interface ConformingOptions extends TranscodeOptions {
  /** False where ffprobe alone cannot say what the source is to a viewer. */
  readonly comparable?: boolean;
}

/** Publishes a source and expects that nothing about it breaks a rule. */
export async function expectConforming(folder: TemporaryFolder, name: string, options: ConformingOptions = {}): Promise<Conforming> {
  const source = folder.in(name);
  await transcodeIn(folder, source, options);
  const findings = await conformance(folder.in("out"), options.comparable === false ? {} : { source });
  expect(findings).toStrictEqual([]);
  const { variants, audio } = await readMultivariant(folder.in("out", "index.m3u8"));
  const sized = variants
    .map(({ attributes, path }) => ({ size: /RESOLUTION=(\w+)/.exec(attributes)?.[1] ?? "", path }))
    .toSorted((a, b) => Number.parseInt(b.size, 10) - Number.parseInt(a.size, 10));
  const asset = record.parse(JSON.parse(await readFile(folder.in("out", "asset.json"), "utf8")));
  return {
    top: sized[0]?.path ?? "",
    audio: audio.map(({ path }) => path),
    sizes: [...new Set(sized.map(({ size }) => size))].filter((size) => size !== ""),
    seconds: asset.durationSeconds,
    frameRate: asset.frameRate,
    degraded: asset.degraded,
  };
}
