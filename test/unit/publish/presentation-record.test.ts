import { describe, expect, test } from "vitest";
import type { RenditionFacts } from "../../../src/packaging/facts.ts";
import { renderManifests, renderPlaylists } from "../../../src/packaging/render.ts";
import type { Presentation } from "../../../src/packaging/presentation.ts";
import { parsePresentation, presentationRecord } from "../../../src/publish/presentation-record.ts";
import { KEY, KEY_ID, anEncryption } from "../../helpers/encryption.ts";
import { aPresentation } from "../../helpers/facts.ts";
import { aLadder } from "../../helpers/ladders.ts";
import { GOLDEN_PLANS, aPlan } from "../../helpers/plans.ts";
import { aSource, aVideoTrack } from "../../helpers/sources.ts";

const BASE = "r/20260102T030405-00ff00ff/";
const withText = (presentation: Presentation): Presentation => ({
  ...presentation,
  text: [
    {
      rendition: { kind: "text", id: "t-sv", language: "sv", name: "svenska", forced: false, sdh: true },
      cues: [{ startSeconds: 1, endSeconds: 2, settings: "", text: "a secret line" }],
      sourceHash: "0123",
    },
  ],
});

describe("presentation.json", () => {
  test.each(Object.entries(GOLDEN_PLANS))("gives the manifests of %s again, to the letter", (_name, plan) => {
    const presentation = withText(aPresentation(plan));
    const again = parsePresentation(presentationRecord(presentation));
    if (!again) throw new TypeError("not read");
    expect(renderManifests(again, BASE)).toEqual(renderManifests(presentation, BASE));
    const paths = [...renderPlaylists(presentation)].filter(([path]) => !path.startsWith("t-"));
    const pathsAgain = [...renderPlaylists(again)].filter(([path]) => !path.startsWith("t-"));
    expect(pathsAgain).toEqual(paths);
    expect(again.text).toEqual(presentation.text.map((entry) => ({ ...entry, cues: [] })));
  });

  test("keeps what manifests say of protection, and nothing of where the key comes from", () => {
    const plan = aPlan(aSource(), aLadder({ encryption: anEncryption() }));
    const clear = aPresentation(plan);
    const protection = { scheme: "cbcs", keyId: KEY_ID, ivBytes: 0, constantIv: "00".repeat(16), cryptBlocks: 1, skipBlocks: 9 };
    const protect = <T extends { readonly facts: RenditionFacts }>(entry: T) => ({ ...entry, facts: { ...entry.facts, protection } });
    const presentation = { ...clear, video: clear.video.map(protect), audio: clear.audio.map(protect) };
    const record = presentationRecord(presentation);
    const again = parsePresentation(record);
    expect(again && renderManifests(again, BASE)).toEqual(renderManifests(presentation, BASE));
    expect(again && renderManifests(again, BASE).hls).toContain("EXT-X-SESSION-KEY");
    expect(record).not.toMatch(/keySource|env:/);
    expect(record).not.toContain(KEY);
  });

  test("holds no cue, and the fragments of a long film in less than a hundred bytes each", () => {
    const presentation = withText(aPresentation(aPlan(aSource({ video: aVideoTrack({ durationSeconds: 1200 }) }))));
    const record = presentationRecord(presentation);
    expect(record).not.toContain("secret");
    const fragments = [...presentation.video, ...presentation.audio].flatMap(({ facts }) => facts.segments.flatMap((one) => one.fragments));
    const rest = presentationRecord({ ...presentation, video: [], audio: [] });
    expect((record.length - rest.length) / fragments.length).toBeLessThan(100);
  });

  test.each(["", "{}", "[]", "null", '{"ladderd":2}', '{"ladderd":1,"presentation":{}}'])("is not %s", (text) => {
    expect(parsePresentation(text)).toBeUndefined();
  });
});
