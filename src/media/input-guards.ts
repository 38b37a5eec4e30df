/** What a hostile file may make ffmpeg or ffprobe do; the same for both programs (RELIABILITY.md R-X2). */
export interface InputLimits {
  readonly maxPixels: number;
  readonly maxStreams: number;
}

const FORMATS = [
  "mov,mp4,m4a,3gp,3g2,mj2",
  "matroska,webm",
  "avi",
  "mpegts",
  "mpeg",
  "flv",
  "asf",
  "ogg",
  "mp3",
  "wav",
  "flac",
  "aac",
].join(",");

const VIDEO_DECODERS =
  "h264,hevc,libdav1d,vp8,vp9,mpeg1video,mpeg2video,mpeg4,msmpeg4,msmpeg4v2,msmpeg4v3,h263,flv,wmv1,wmv2,wmv3,vc1,theora,prores,dnxhd,mjpeg,png";
const AUDIO_DECODERS =
  "aac,mp3,mp3float,ac3,eac3,dca,opus,vorbis,flac,alac,pcm_s16le,pcm_s24le,pcm_s32le,pcm_s16be,pcm_s24be,pcm_f32le,pcm_u8,pcm_mulaw,pcm_alaw,amrnb,amrwb,wmav1,wmav2,mp2float,mp2,adpcm_ima_qt,adpcm_ms";
/** ffprobe opens a decoder for every stream and gives up on the file when one is not listed: bitmap subtitles are here to be ignored. */
const TEXT_DECODERS = "srt,subrip,text,ass,ssa,mov_text,webvtt,pgssub,dvdsub,dvbsub,cc_dec";
const CODECS = [VIDEO_DECODERS, AUDIO_DECODERS, TEXT_DECODERS].join(",");

/** One allocation of ffmpeg; a decoded 8192x8192 10-bit 4:4:4 frame is 400 MB. */
const MAX_ALLOC_BYTES = 1024 * 1024 * 1024;
const PROBE_BYTES = 50_000_000;
const ANALYZE_MICROSECONDS = 10_000_000;

/** Options that go in front of every input: local files only, known formats and decoders only, bounded everything. */
export function inputGuards({ maxPixels, maxStreams }: InputLimits): string[] {
  return [
    // Disguised playlists open what they name: a neighbour's file, the metadata service (E22).
    ...["-protocol_whitelist", "file"],
    ...["-format_whitelist", FORMATS],
    // A 50 KB file in an exotic codec has been a remote code execution (CVE-2026-8461).
    ...["-codec_whitelist", CODECS],
    ...["-max_streams", `${maxStreams}`],
    ...["-max_pixels", `${maxPixels}`],
    ...["-probesize", `${PROBE_BYTES}`],
    ...["-analyzeduration", `${ANALYZE_MICROSECONDS}`],
  ];
}

/** Options for the whole program, before any input. */
export const programGuards = (): string[] => ["-max_alloc", `${MAX_ALLOC_BYTES}`];

/** Decoders that are whitelisted for attached pictures only; never decoded as the video. */
export const PICTURE_ONLY_CODECS: ReadonlySet<string> = new Set(["png"]);
