import type { VideoRendition } from "../../domain/encode-plan.ts";
import type { VideoTrack } from "../../domain/source.ts";

/** BT.709, limited range, 8-bit 4:2:0, square pixels, at the size of the largest rendition. */
export function toDelivery(track: VideoTrack, top: VideoRendition): string[] {
  const { hdr, colour } = track;
  if (hdr) return [...toneMap(hdr, track, top), "setsar=1"];
  if (colour.matrix === "bt2020") return [...fromWideGamut(track, top), "setsar=1"];
  return [
    ...onBlack(track),
    ["scale=w=" + top.width, `h=${top.height}`, "flags=lanczos", ...matrices(track)].join(":"),
    "format=yuv420p",
    "setsar=1",
  ];
}

/** swscale converts from and to BT.601 unless told otherwise, RGB too, whatever the frame says. */
function matrices({ colour: { matrix, fullRange } }: VideoTrack): string[] {
  return [
    ...(matrix === "bt601" ? ["in_color_matrix=bt601"] : []),
    ...(matrix === "bt709" ? [] : ["out_color_matrix=bt709"]),
    ...(fullRange ? ["in_range=full", "out_range=limited"] : []),
  ];
}

/** What is transparent is black: without this the colours behind the alpha channel appear. */
const onBlack = ({ pixelFormat }: VideoTrack): string[] =>
  /^(?:yuva|gbrap|rgba|bgra|argb|abgr|ya\d)/.test(pixelFormat) ? ["premultiply=inplace=1"] : [];

const zscaleTo = ({ width, height }: VideoRendition, { colour: { fullRange } }: VideoTrack): string =>
  `zscale=w=${width}:h=${height}:f=lanczos:rin=${fullRange ? "full" : "limited"}:min=bt2020nc:pin=bt2020`;

/** The primaries have to be converted as well, or every colour is pale; swscale knows matrices only. */
const fromWideGamut = (track: VideoTrack, top: VideoRendition): string[] => [
  `${zscaleTo(top, track)}:tin=bt709:t=bt709:m=bt709:p=bt709:r=limited`,
  "format=yuv420p",
];

/** Diffuse white of HDR (ITU-R BT.2408): 58 % of PQ, 75 % of HLG. */
const WHITE_NITS = 203;
/** What HDR10 is graded to, and the nominal peak of HLG (ITU-R BT.2100). */
const PEAK_NITS = 1000;

/**
 * Linear light with diffuse white at 1, then a curve that leaves the lower 70 % alone, then BT.709; zscale because swscale
 * knows no transfer functions. Measured as 8-bit luma: diffuse white gives 221 of 235, 18 % grey 109 as in SDR, 1000 nits
 * 235. Hable's curve at npl=100 gave white 181 and the peak 235: pictures dull and pale.
 */
function toneMap(hdr: "PQ" | "HLG", track: VideoTrack, top: VideoRendition): string[] {
  const transfer = hdr === "PQ" ? "smpte2084" : "arib-std-b67";
  return [
    `${zscaleTo(top, track)}:tin=${transfer}:t=linear:npl=${WHITE_NITS}`,
    "format=gbrpf32le",
    "zscale=p=bt709",
    `tonemap=tonemap=mobius:param=0.7:peak=${(PEAK_NITS / WHITE_NITS).toFixed(2)}:desat=0`,
    "zscale=t=bt709:m=bt709:p=bt709:r=limited",
    "format=yuv420p",
  ];
}
