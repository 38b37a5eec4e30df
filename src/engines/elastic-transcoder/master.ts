import type { PictureStream, SoundStream, Streams } from "./streams.ts";

/** The service's own name of it means nothing to a viewer, nor does this. */
const GROUP = "audio";

/**
 * The multivariant playlist over the service's media playlists, for the asset's pointer. The service's own says too little
 * and rates that are too low (RFC 8216 4.3.4.2; HLS authoring rules 1.26, 8.10, 9.11-9.15): this one says what was measured.
 * `base` goes in front of every URI. Every segment begins with a keyframe, as verification has seen. Pure.
 */
export function masterPlaylist({ pictures, sound }: Streams, base: string): string {
  return [
    "#EXTM3U",
    // Byte ranges and I-frame playlists (RFC 8216 7).
    "#EXT-X-VERSION:4",
    "#EXT-X-INDEPENDENT-SEGMENTS",
    ...(sound ? [soundTag(sound, base)] : []),
    ...pictures.flatMap((picture) => [`#EXT-X-STREAM-INF:${variant(picture, sound)}`, uri(base, picture.playlist)]),
    ...pictures.flatMap((picture) => iFrameTag(picture, base)),
    "",
  ].join("\n");
}

const uri = (base: string, name: string): string => base + name.split("/").map(encodeURIComponent).join("/");

function soundTag({ playlist, rendition: { name, language, channels } }: SoundStream, base: string): string {
  const says = [`NAME="${name}"`, `LANGUAGE="${language}"`, "DEFAULT=YES", "AUTOSELECT=YES", `CHANNELS="${channels}"`];
  return `#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="${GROUP}",${says.join(",")},URI="${uri(base, playlist)}"`;
}

function variant({ codecs, width, height, frameRate, ...rates }: PictureStream, sound: SoundStream | undefined): string {
  return [
    `BANDWIDTH=${rates.peakBps + (sound?.peakBps ?? 0)}`,
    `AVERAGE-BANDWIDTH=${rates.averageBps + (sound?.averageBps ?? 0)}`,
    `CODECS="${[codecs, ...(sound ? [sound.codecs] : [])].join(",")}"`,
    `RESOLUTION=${width}x${height}`,
    `FRAME-RATE=${frameRate.toFixed(3)}`,
    ...(sound ? [`AUDIO="${GROUP}"`] : []),
  ].join(",");
}

function iFrameTag({ codecs, width, height, iFrames }: PictureStream, base: string): readonly string[] {
  if (!iFrames) return [];
  const says = [`BANDWIDTH=${iFrames.peakBps}`, `CODECS="${codecs}"`, `RESOLUTION=${width}x${height}`];
  return [`#EXT-X-I-FRAME-STREAM-INF:${says.join(",")},URI="${uri(base, iFrames.playlist)}"`];
}
