import { describe, expect, test } from "vitest";
import { sniff } from "../../../src/media/sniff.ts";

const sniffed = (text: string): string => sniff(Buffer.from(text, "latin1"), text.length);
const BOM = "\u00ef\u00bb\u00bf";
const riff = (declared: number, form = "AVI "): Buffer => {
  const head = Buffer.from(`RIFF....${form}LIST`, "latin1");
  head.writeUInt32LE(declared, 4);
  return head;
};

describe("sniff", () => {
  test.each([
    ["bad input 41: an HLS playlist", "#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd"],
    ["an HLS playlist after a byte order mark", `${BOM}#EXTM3U\n`],
    ["an HLS playlist after blank lines", "\r\n\n  #extm3u\n"],
    ["bad input 42: an ffconcat list", "ffconcat version 1.0\nfile '/etc/passwd'"],
    ["a PLS list", "[playlist]\nFile1=http://x/"],
    ["bad input 43: an MPD with a prolog", '<?xml version="1.0"?>\n<!-- x -->\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011">'],
    ["an MPD without one", "<MPD>"],
    ["a Smooth Streaming manifest", "<SmoothStreamingMedia MajorVersion='2'>"],
    ["bad input 43: SMIL", "<?xml version='1.0'?><smil/>"],
    ["bad input 43: an IMF composition", '<?xml version="1.0"?><CompositionPlaylist/>'],
    ["bad input 43: SDP", "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nm=video 0 RTP/AVP 96"],
    ["an old RTSP reference", "RTSPtext\rrtsp://x/"],
  ])("knows %s", (_what, text) => {
    expect(sniffed(text)).toBe("playlist");
  });

  test.each([
    ["text", "hello, world"],
    ["HTML", "<!doctype html><html></html>"],
    ["subtitles", "1\n00:00:00,000 --> 00:00:01,000\nHi"],
    ["XML of another kind", '<?xml version="1.0"?><svg/>'],
    ["a comment that begins like a playlist", "#EXT of a film"],
    ["nothing", ""],
    ["a few bytes", "abc"],
  ])("leaves %s to ffprobe", (_what, text) => {
    expect(sniffed(text)).toBe("other");
  });

  test("sees an AVI that is shorter than its header says", () => {
    expect(sniff(riff(5_000_000), 1_000_000)).toBe("riff-cut");
    expect(sniff(riff(999_992), 1_000_000)).toBe("other");
  });

  test.each([0xffffffff, 0])("does not take the RIFF size %d of a live recording for one", (declared) => {
    expect(sniff(riff(declared, "WAVE"), 1_000_000)).toBe("other");
  });

  test("knows ISO media by a first box with a possible size", () => {
    expect(sniffed("\0\0\0\u0018ftypisom")).toBe("iso-media");
    expect(sniffed("\0\0\0\u0001mdat\0\0\0\0\0\0\0\u0020")).toBe("iso-media");
    expect(sniffed("\0\0\0\u0004ftypisom")).toBe("other");
  });
});
