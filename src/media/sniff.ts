/** What the first bytes of a file give away before any demuxer sees it. */
export type Sniffed = "playlist" | "iso-media" | "riff-cut" | "other";

const PLAYLIST_MARKS = ["#extm3u", "ffconcat version", "[playlist]", "<mpd", "<smoothstreamingmedia", "<smil", "rtsptext"];
const XML_MARKS = ["<mpd", "<smoothstreamingmedia", "<smil", "<assetmap", "<compositionplaylist"];

const RIFF_SIZE_UNKNOWN = 0xffffffff;

/**
 * Recognises what must never reach ffmpeg (playlists that name other files, RELIABILITY.md E22), ISO base media, and an
 * AVI that is shorter than its RIFF header says. `head` is the first few KB.
 */
export function sniff(head: Buffer, fileBytes: number): Sniffed {
  const text = head
    .subarray(0, 4096)
    .toString("latin1")
    .replace(/^(?:\xef\xbb\xbf)?\s*/, "")
    .toLowerCase();
  if (PLAYLIST_MARKS.some((mark) => text.startsWith(mark))) return "playlist";
  if (text.startsWith("<?xml") && XML_MARKS.some((mark) => text.includes(mark))) return "playlist";
  if (/^v=0\r?\n/.test(text) && /\no=/.test(text)) return "playlist";
  if (isCutRiff(head, fileBytes)) return "riff-cut";
  return isPlausibleBox(head) && ["ftyp", "moov", "mdat", "wide"].includes(head.subarray(4, 8).toString("latin1")) ? "iso-media" : "other";
}

/** A recorder that cannot seek back leaves the largest size there is, which says nothing. */
function isCutRiff(head: Buffer, fileBytes: number): boolean {
  if (head.length < 8 || !head.subarray(0, 4).equals(Buffer.from("RIFF"))) return false;
  const declared = head.readUInt32LE(4);
  return declared !== RIFF_SIZE_UNKNOWN && declared + 8 > fileBytes;
}

/** A first box of ISO/IEC 14496-12: its size is 1 (64 bits follow), 0 (to the end) or at least its own header. */
const isPlausibleBox = (head: Buffer): boolean => head.length >= 8 && (head.readUInt32BE(0) <= 1 || head.readUInt32BE(0) >= 8);
