import { describe, expect, test } from "vitest";
import { ffmpeg, picture, tone } from "../helpers/clips.ts";
import { expectConforming } from "../helpers/conforming.ts";
import { CORNERS, cornersOf } from "../helpers/frames.ts";
import { temporaryFolder } from "../helpers/temporary-folder.ts";

const QUICK_H264 = ["-c:v", "libx264", "-preset", "ultrafast"];
const HEVC = ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none"];
const VP9 = ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "300k"];
const AV1 = ["-c:v", "libsvtav1", "-preset", "12", "-crf", "40"];

describe("a film is published from", () => {
  test.each<[what: string, file: string, codecs: readonly string[]]>([
    ["HEVC in MP4", "a.mp4", [...HEVC, "-tag:v", "hvc1", "-c:a", "aac"]],
    ["HEVC in Matroska with E-AC-3", "a.mkv", [...HEVC, "-c:a", "eac3"]],
    ["HEVC in a transport stream", "a.ts", [...HEVC, "-c:a", "ac3"]],
    ["VP9 in WebM", "a.webm", [...VP9, "-c:a", "libopus"]],
    ["VP9 in MP4", "a.mp4", [...VP9, "-c:a", "libopus"]],
    ["VP8 in WebM", "a.webm", ["-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "300k", "-c:a", "libvorbis"]],
    ["AV1 in MP4", "a.mp4", [...AV1, "-c:a", "aac"]],
    ["AV1 in WebM", "a.webm", [...AV1, "-c:a", "libopus"]],
    ["H.264 in Matroska with FLAC", "a.mkv", [...QUICK_H264, "-c:a", "flac"]],
    ["H.264 in QuickTime with ALAC", "a.mov", [...QUICK_H264, "-c:a", "alac"]],
    ["H.264 in Flash video", "a.flv", [...QUICK_H264, "-c:a", "aac"]],
    ["H.264 in a transport stream with MP2", "a.ts", [...QUICK_H264, "-c:a", "mp2"]],
    ["H.264 in 3GP", "a.3gp", [...QUICK_H264, "-c:a", "aac"]],
    ["Sorenson in Flash video", "a.flv", ["-c:v", "flv", "-c:a", "libmp3lame", "-ar", "44100"]],
    ["ProRes in QuickTime with PCM", "a.mov", ["-c:v", "prores_ks", "-c:a", "pcm_s24le"]],
    ["MPEG-2 in a transport stream", "a.ts", ["-c:v", "mpeg2video", "-q:v", "4", "-c:a", "ac3"]],
    ["MPEG-1 in a programme stream", "a.mpg", ["-c:v", "mpeg1video", "-q:v", "4", "-c:a", "mp2"]],
    ["MPEG-4 in AVI with MP3", "a.avi", ["-c:v", "mpeg4", "-vtag", "XVID", "-q:v", "4", "-c:a", "libmp3lame"]],
    ["Motion JPEG in AVI with PCM", "a.avi", ["-c:v", "mjpeg", "-q:v", "4", "-c:a", "pcm_s16le"]],
    ["Windows Media", "a.wmv", ["-c:v", "wmv2", "-b:v", "800k", "-c:a", "wmav2"]],
    ["Theora in Ogg", "a.ogv", ["-c:v", "libtheora", "-q:v", "6", "-c:a", "libvorbis"]],
  ])("%s", async (_what, file, codecs) => {
    await using folder = await temporaryFolder();
    const inputs = [...picture({ size: "320x180", rate: "25", seconds: 2, filters: `${CORNERS},format=yuv420p` }), ...tone({ seconds: 2 })];
    await ffmpeg(...inputs, ...codecs, folder.in(file));
    const { sizes, top, audio, seconds, degraded } = await expectConforming(folder, file);
    expect({ sizes, audio: audio.length, degraded }).toStrictEqual({ sizes: ["320x180"], audio: 1, degraded: [] });
    expect(Math.abs(seconds - 2)).toBeLessThanOrEqual(0.1);
    await expect(cornersOf(top)).resolves.toBe("red green blue white");
  });
});
