import { writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import type { SourceStore } from "../../../src/pipeline/ports.ts";
import { readSidecars } from "../../../src/pipeline/sidecars.ts";
import { aPresentation } from "../../helpers/facts.ts";
import { aPlan } from "../../helpers/plans.ts";
import { temporaryFolder } from "../../helpers/temporary-folder.ts";

const SOURCE = { bucket: "uploads", key: "film.mp4" };
const presentation = aPresentation(aPlan());

/** A bucket with these files beside the film. */
const aBucket = (texts: ReadonlyMap<string, string>): SourceStore => ({
  list: async () => [...texts].map(([key, text]) => ({ key, sizeBytes: text.length, etag: key })),
  head: async (ref) => ({ ref, etag: ref.key, sizeBytes: texts.get(ref.key)?.length ?? 0, lastModified: "2026-01-02T00:00:00.000Z" }),
  download: async ({ ref }, path) => writeFile(path, texts.get(ref.key) ?? ""),
});

async function read(texts: ReadonlyMap<string, string>, signal = new AbortController().signal) {
  await using folder = await temporaryFolder();
  const beside = await readSidecars(SOURCE, presentation, { sources: aBucket(texts), folder: folder.path, signal });
  return beside;
}

const LETTERS = "abcdefghij".split("");
const languages = LETTERS.flatMap((first) => LETTERS.map((second) => `x${first}${second}`));

describe("readSidecars", () => {
  test("takes so many files and no more", async () => {
    const line = "1\n00:00:01,000 --> 00:00:02,000\nx\n";
    const { written, lost } = await read(new Map(languages.map((language) => [`film.${language}.srt`, line])));
    expect([written.length, lost.length]).toEqual([64, 36]);
  });

  test("takes no more text than can be held in memory", async () => {
    const cue = `00:00:01.000 --> 00:00:02.000\n${"x".repeat(4000)}\n\n`;
    const heavy = `WEBVTT\n\n${cue.repeat(900)}`;
    const { written, lost } = await read(new Map(languages.slice(0, 8).map((language) => [`film.${language}.vtt`, heavy])));
    expect([written.length, lost.length]).toEqual([4, 4]);
  });

  test("is ended by an abort, and by nothing that a file holds", async () => {
    const stop = new AbortController();
    const texts = new Map([["film.sv.srt", "no cue"]]);
    expect((await read(texts)).lost).toEqual(["t-sv"]);
    stop.abort(new Error("stopping"));
    await expect(read(texts, stop.signal)).rejects.toThrow("stopping");
  });
});
