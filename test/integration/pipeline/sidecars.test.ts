import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { FAST, ffmpeg, picture, tone } from "../../helpers/clips.ts";
import { temporaryFolder } from "../../helpers/temporary-folder.ts";
import { leftIn, transcodeIn } from "../../helpers/transcode.ts";

const text = z.looseObject({ id: z.string(), language: z.string(), name: z.string(), forced: z.boolean() });
const record = z.looseObject({ text: z.array(text), degraded: z.array(z.string()).optional() });

/** One cue that says what it is. */
const srt = (line: string): string => `1\r\n00:00:00,500 --> 00:00:01,500\r\n${line}\r\n`;

describe("transcodeFile", () => {
  test(
    "publishes the subtitles beside the film with those inside it, and loses a bad one without losing the film",
    { timeout: 120_000 },
    async () => {
      await using folder = await temporaryFolder();
      await mkdir(folder.in("in"));
      const file = (name: string): string => folder.in("in", name);
      await writeFile(folder.in("inside.srt"), srt("inside"));
      const inputs = [...picture({ size: "320x180", seconds: 2 }), ...tone({ seconds: 2 }), "-i", folder.in("inside.srt")];
      const mapped = ["-map", "0", "-map", "1", "-map", "2", "-c:s", "mov_text", "-metadata:s:s:0", "language=swe"];
      await ffmpeg(...inputs, ...mapped, ...FAST, file("a film [1].x.mp4"));
      await writeFile(file("a film [1].x.sv.srt"), Buffer.from(srt("Å i åa"), "latin1"));
      await writeFile(file("a film [1].x.pt_BR.vtt"), "WEBVTT\n\n00:00.500 --> 00:01.500\nolá\n");
      await writeFile(file("a film [1].x.en.sdh.srt"), srt("[door <slams>]"));
      await writeFile(file("a film [1].x.de.srt"), "no cue in here");
      await writeFile(file("a film [1].x.fi.srt"), "1\n00:01:00,000 --> 00:01:01,000\nlong after the end\n");
      await copyFile(file("a film [1].x.sv.srt"), file("another.sv.srt"));
      await transcodeIn(folder, file("a film [1].x.mp4"));

      const asset = record.parse(JSON.parse(await readFile(folder.in("out", "asset.json"), "utf8")));
      expect(asset.text.map(({ id, language, name }) => ({ id, language, name }))).toEqual([
        { id: "t-sv", language: "sv", name: "svenska" },
        { id: "t-en", language: "en", name: "English (SDH)" },
        { id: "t-pt-BR", language: "pt-BR", name: "português (Brasil)" },
        { id: "t-sv-2", language: "sv", name: "svenska (2)" },
      ]);
      expect(asset.degraded).toEqual(["text_lost:t-de", "text_lost:t-fi"]);
      expect(JSON.stringify(asset)).not.toContain(".srt");
      const { revision } = z.looseObject({ revision: z.string() }).parse(asset);
      const textOf = (id: string): Promise<string> => readFile(folder.in("out", "r", revision, id, "text.vtt"), "utf8");
      expect(await textOf("t-sv")).toContain("inside");
      expect(await textOf("t-sv-2")).toContain("00:00:00.500 --> 00:00:01.500\nÅ i åa");
      expect(await textOf("t-en")).toContain("[door ]");
      const [hls, dash] = await Promise.all(["index.m3u8", "index.mpd"].map((name) => readFile(folder.in("out", name), "utf8")));
      for (const id of ["t-sv", "t-en", "t-pt-BR", "t-sv-2"]) {
        expect(hls).toContain(`URI="r/${revision}/${id}/index.m3u8"`);
        expect(dash).toContain(`<BaseURL>${id}/text.vtt</BaseURL>`);
      }
      expect((await leftIn(folder)).work).toEqual([]);
    },
  );
});
