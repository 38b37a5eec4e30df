import fc from "fast-check";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { rebaseMultivariant } from "../../../src/packaging/rebase-hls.ts";
import { rebaseMpd } from "../../../src/packaging/rebase-mpd.ts";
import { readXml } from "../../../src/packaging/read-xml.ts";
import { golden } from "../../helpers/golden.ts";

const fixture = (name: string): string =>
  readFileSync(new URL(`../../fixtures/remote/elastic-transcoder/${name}`, import.meta.url), "utf8");
const HLS = { name: "index-hls.m3u8", base: "r/20261123T040000-ab12/" };
const DASH = { name: "index-dash.mpd", base: "r/20261123T040000-ab12/" };

describe("the multivariant playlist of a service", () => {
  test("leads to the same objects from the asset's pointer", async () => {
    const { text, names } = rebaseMultivariant(fixture(HLS.name), HLS);
    await expect(text).toMatchFileSnapshot(golden("remote-elastic-transcoder.m3u8"));
    expect(names).toStrictEqual([
      ...["hls-a_v4.m3u8", "hls-v240_v4.m3u8", "hls-v432_v4.m3u8"],
      ...["hls-v240_iframe.m3u8", "hls-v432_iframe.m3u8"],
    ]);
  });

  test("that names its objects inside its text elsewhere is changed in its URIs alone", () => {
    const text = fixture(HLS.name).replace('NAME="Audio 1"', 'NAME="hls-a_v4.m3u8, URI=x"');
    expect(rebaseMultivariant(text, HLS).text).toContain(
      'NAME="hls-a_v4.m3u8, URI=x",AUTOSELECT=YES,DEFAULT=YES,URI="r/20261123T040000-ab12/hls-a_v4.m3u8"',
    );
  });

  test.each([
    ["is no playlist", () => "<MPD/>", /no playlist/],
    ["has no variant", () => "#EXTM3U\n", /no variant/],
    ["leads to another host", (text: string) => text.replace("\nhls-v240_v4", "\nhttps://evil/hls-v240_v4"), /out of the revision/],
    ["leads above the revision", (text: string) => text.replace('URI="hls-a', 'URI="../hls-a'), /out of the revision/],
    ["asks for a key", (text: string) => `${text}#EXT-X-SESSION-KEY:METHOD=AES-128,URI="https://evil/key"\n`, /leads elsewhere/],
  ])("that %s is refused", (_name, change, message) => {
    expect(() => rebaseMultivariant(change(fixture(HLS.name)), HLS)).toThrow(message);
  });
});

describe("the MPD of a service", () => {
  test("leads to the same files from the asset's pointer", async () => {
    const { text, names } = rebaseMpd(fixture(DASH.name), DASH);
    await expect(text).toMatchFileSnapshot(golden("remote-elastic-transcoder.mpd"));
    expect(names).toStrictEqual(["dash-v360", "dash-a"]);
  });

  test.each([
    ["is no MPD", () => "<SMIL/>", /no static MPD/],
    ["is of a live stream", (text: string) => text.replace('type="static"', 'type="dynamic"'), /no static MPD/],
    ["has entities of its own", (text: string) => text.replace("<MPD", '<!DOCTYPE MPD [<!ENTITY a "b">]><MPD'), /no static MPD/],
    ["is cut off", (text: string) => text.slice(0, -10), /no static MPD/],
    ["leads to another host", (text: string) => text.replace(">dash-a<", ">https://evil/a<"), /no file of the revision/],
    ["leads above the revision", (text: string) => text.replace(">dash-a<", ">../../a<"), /no file of the revision/],
    ["has a base of its own", (text: string) => text.replace("<Period", "<BaseURL>x/</BaseURL><Period"), /base of its own/],
    ["has a period elsewhere", (text: string) => text.replace("<Period", '<Period xlink:href="https://evil/"'), /leads elsewhere/],
    ["has a base in between", (text: string) => text.replace(/(<AdaptationSet id="1"[^>]*>)/, "$1<BaseURL>x/</BaseURL>"), /base between/],
  ])("that %s is refused", (_name, change, message) => {
    expect(() => rebaseMpd(change(fixture(DASH.name)), DASH)).toThrow(message);
  });
});

describe("an XML document", () => {
  test("is read with its entities and without its comments", () => {
    const read = readXml(`<?xml version="1.0"?>\n<a b='1 &lt; 2'><!-- <c/> --><c>x &amp; &#x79;<![CDATA[<z>]]></c><d/></a>\n`);
    expect(read).toMatchObject({
      ...{ name: "a", attributes: { b: "1 < 2" } },
      children: [
        { name: "c", text: "x & y<z>", children: [] },
        { name: "d", text: "" },
      ],
    });
  });

  test.each(["", "a", "<a>", "</a>", "<a></b>", "<a/><b/>", "<a b=1/>", "<a><", "x<a/>", "<a>".repeat(40) + "</a>".repeat(40)])(
    "is not %j",
    (text) => {
      expect(readXml(text)).toBeUndefined();
    },
  );

  test("of any text is read or refused, without an error", () => {
    const part = fc.constantFrom("<a>", "</a>", "<b c='d'/>", "&#999999999;", "&amp;", "<!--", "-->", "<![CDATA[", "]]>", "text", "<", '"');
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        readXml(parts.join(""));
        return true;
      }),
    );
  });
});
