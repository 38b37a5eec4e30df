import { describe, expect, test } from "vitest";
import type { EncodePlan } from "../../../src/domain/encode-plan.ts";
import type { Encryption } from "../../../src/domain/encryption.ts";
import { publicEncryption } from "../../../src/domain/encryption.ts";
import type { Presentation } from "../../../src/packaging/presentation.ts";
import { compileProtection } from "../../../src/packaging/protect.ts";
import type { ProtectionFacts } from "../../../src/packaging/protection-boxes.ts";
import { renderManifests, renderPlaylists } from "../../../src/packaging/render.ts";
import { protectionDefects } from "../../../src/packaging/verify-protection.ts";
import { assetRecord } from "../../../src/publish/asset-record.ts";
import { KEY, KEY_ID, anEncryption } from "../../helpers/encryption.ts";
import { aPresentation } from "../../helpers/facts.ts";
import { golden } from "../../helpers/golden.ts";
import { aLadder } from "../../helpers/ladders.ts";
import { aPlan } from "../../helpers/plans.ts";
import { aSource, anAudioTrack } from "../../helpers/sources.ts";

const CBCS: ProtectionFacts = {
  scheme: "cbcs",
  keyId: KEY_ID,
  ivBytes: 0,
  constantIv: "d23da11ce603fb52407e491218dd32ab",
  cryptBlocks: 1,
  skipBlocks: 9,
};
const CENC: ProtectionFacts = { scheme: "cenc", keyId: KEY_ID, ivBytes: 8, cryptBlocks: 0, skipBlocks: 0 };

/** What a faultless packager would have written under this protection; `undefined` for media in clear. */
function presented(plan: EncodePlan, protection: ProtectionFacts | undefined): Presentation {
  const presentation = aPresentation(plan);
  if (!protection) return presentation;
  const protect = <T extends Presentation["video" | "audio"][number]>(entry: T): T => ({ ...entry, facts: { ...entry.facts, protection } });
  return { ...presentation, video: presentation.video.map(protect), audio: presentation.audio.map(protect) };
}

const planWith = (encryption: Partial<Encryption> = {}): EncodePlan =>
  aPlan(aSource(), aLadder({ rungs: [{ shortSide: 360, capBps: 800_000 }], encryption: anEncryption(encryption) }));

describe("a protected presentation", () => {
  const cbcs = presented(planWith({ laUrl: "https://licences.example/clearkey?a=1&b=2" }), CBCS);

  test("names scheme, key id and key in the manifests", async () => {
    const { hls, dash } = renderManifests(cbcs, "r/20260102T030405-00ff00ff/");
    await expect(hls).toMatchFileSnapshot(golden("manifests/cbcs.m3u8"));
    await expect(dash).toMatchFileSnapshot(golden("manifests/cbcs.mpd"));
  });

  test.each(["v360/index.m3u8", "v360/iframes.m3u8", "a-en/index.m3u8"])("has one EXT-X-KEY in %s, before the first segment", (name) => {
    const lines = renderPlaylists(cbcs).get(name)?.split("\n") ?? [];
    const keys = lines.filter((line) => line.startsWith("#EXT-X-KEY:"));
    expect(keys).toEqual([
      `#EXT-X-KEY:METHOD=SAMPLE-AES,URI="https://keys.example/${KEY_ID}",IV=0xd23da11ce603fb52407e491218dd32ab,KEYFORMAT="identity",KEYFORMATVERSIONS="1"`,
    ]);
    expect(lines.findIndex((line) => line.startsWith("#EXT-X-KEY:"))).toBeLessThan(lines.findIndex((line) => line.startsWith("#EXTINF:")));
  });

  test("speaks to FairPlay without an IV, which its init segment holds", () => {
    const plan = planWith({ hlsKeyUri: "skd://{keyId}", hlsKeyFormat: "com.apple.streamingkeydelivery" });
    expect(renderPlaylists(presented(plan, CBCS)).get("v360/index.m3u8")).toContain(
      `#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://${KEY_ID}",KEYFORMAT="com.apple.streamingkeydelivery",KEYFORMATVERSIONS="1"\n`,
    );
  });

  test("names cenc by its own method, and no licence server where there is none", () => {
    const { hls, dash } = renderManifests(presented(planWith({ scheme: "cenc" }), CENC), "");
    expect(hls).toContain(`#EXT-X-SESSION-KEY:METHOD=SAMPLE-AES-CTR,URI="https://keys.example/${KEY_ID}",KEYFORMAT="identity"`);
    expect(dash.match(/<ContentProtection [^>]*>/g)).toEqual([
      ...Array.from(
        { length: 2 },
        () =>
          '<ContentProtection schemeIdUri="urn:mpeg:dash:mp4protection:2011" value="cenc" xmlns:cenc="urn:mpeg:cenc:2013" cenc:default_KID="00112233-4455-6677-8899-aabbccddeeff"/>',
      ),
    ]);
  });

  test("protects sound alone as well", () => {
    const plan = aPlan(aSource({ video: undefined, audio: [anAudioTrack({ index: 0 })] }), aLadder({ encryption: anEncryption() }));
    const { hls, dash } = renderManifests(presented(plan, CBCS), "");
    expect(hls).toContain("#EXT-X-SESSION-KEY:");
    expect(dash).toContain("cenc:default_KID");
  });

  test("puts scheme and key id into asset.json, and not where the key comes from", () => {
    const identity = {
      assetPath: "a",
      revision: "r",
      source: { id: "s", sizeBytes: 1 },
      ladderHash: "h",
      engine: "ffmpeg",
      isComplete: true,
      encode: { seconds: 1, cores: 2 },
    };
    const record = assetRecord({ ...identity, createdAt: "", publishedAt: "" }, cbcs, []);
    expect(record["encryption"]).toEqual({ scheme: "cbcs", keyId: KEY_ID });
    expect(JSON.stringify(record)).not.toContain("env:KEY");
  });
});

describe("a plan with encryption", () => {
  test("says how, and neither where the key comes from nor the key", () => {
    const plan = planWith();
    expect(plan.encryption).toEqual({ scheme: "cbcs", hlsKeyUri: "https://keys.example/{keyId}", hlsKeyFormat: "identity" });
    expect(JSON.stringify(plan)).not.toMatch(/env:KEY|keySource/);
  });

  test.each(["cbcs", "cenc"] as const)("makes the packager protect all of it by %s, with a key from a file", (scheme) => {
    expect(compileProtection(publicEncryption(anEncryption({ scheme })), "/job/pipes/key.flags")).toEqual([
      "--enable_raw_key_encryption",
      "--protection_scheme",
      scheme,
      "--clear_lead",
      "0",
      "--flagfile=/job/pipes/key.flags",
    ]);
  });
});

describe("protectionDefects", () => {
  test.each([
    ["what is protected as planned", planWith(), CBCS],
    ["what is in clear as planned", aPlan(), undefined],
  ])("finds nothing wrong with %s", (_what, plan, protection) => {
    expect(protectionDefects(presented(plan, protection), protection && KEY_ID)).toEqual([]);
  });

  test.each([
    { what: "media in clear that should not be", plan: planWith(), protection: undefined, keyId: KEY_ID, message: "is in clear" },
    {
      what: "protection that nothing asked for",
      plan: aPlan(),
      protection: CBCS,
      keyId: undefined,
      message: "is encrypted, and nothing asked for that",
    },
    { what: "another scheme", plan: planWith(), protection: CENC, keyId: KEY_ID, message: "is encrypted by cenc, not cbcs" },
    { what: "another key", plan: planWith(), protection: CBCS, keyId: KEY, message: `is encrypted under key id ${KEY_ID}, not ${KEY}` },
  ])("finds $what in every rendition", ({ plan, protection, keyId, message }) => {
    const findings = protectionDefects(presented(plan, protection), keyId);
    expect(findings).toEqual([...plan.video, ...plan.audio].map(({ id }) => ({ check: "protection", rendition: id, message })));
  });
});
