/** A preset as far as it is carried out. */
export interface FakePreset {
  readonly id: string;
  readonly name: string;
  readonly type: "System" | "Custom";
  readonly container: "ts" | "fmp4" | "mp4";
  readonly video?: PresetVideo;
  readonly audio?: { readonly kbps: number; readonly sampleRateHz: number };
}

export interface PresetVideo {
  readonly profile: "baseline" | "main" | "high";
  readonly level: string;
  readonly kbps: number;
  readonly maxWidth: number;
  readonly maxHeight: number;
  /** KeyframesMaxDist, with a fixed GOP. */
  readonly gopFrames: number;
  /** The source's when absent: `auto`. */
  readonly frameRate?: number;
}

const system = (number: number, name: string, rest: Pick<FakePreset, "container" | "video" | "audio">): FakePreset => ({
  ...{ id: `1351620000001-${number}`, name: `System preset: ${name}`, type: "System" },
  ...rest,
});

const hlsVideo = (kbps: number, [maxWidth, maxHeight]: readonly [number, number]): PresetVideo => ({
  ...(kbps > 500 ? { profile: "main", level: kbps > 1000 ? "3.1" : "3" } : { profile: "baseline", level: "3" }),
  ...{ kbps, maxWidth, maxHeight, gopFrames: 90 },
});

const dashVideo = (kbps: number, [maxWidth, maxHeight]: readonly [number, number]): PresetVideo => ({
  ...{ profile: "main", level: kbps > 2000 ? "3.1" : "3", kbps, maxWidth, maxHeight, gopFrames: 60, frameRate: 30 },
});

const HLS_SOUND = { kbps: 128, sampleRateHz: 44_100 };

/** The system presets whose settings have been captured; of the others nothing but their names is known. */
export const SYSTEM_PRESETS: readonly FakePreset[] = [
  system(200015, "HLS v3 and v4 Video - 2M", { container: "ts", video: hlsVideo(1872, [1024, 768]) }),
  system(200035, "HLS v3 and v4 Video - 1M", { container: "ts", video: hlsVideo(872, [640, 432]) }),
  system(200040, "HLS v3 - 600k", { container: "ts", video: hlsVideo(472, [480, 320]), audio: HLS_SOUND }),
  system(200045, "HLS v3 and v4 Video - 600k", { container: "ts", video: hlsVideo(472, [480, 320]) }),
  system(200050, "HLS v3 - 400k", { container: "ts", video: hlsVideo(272, [400, 288]), audio: HLS_SOUND }),
  system(200055, "HLS v3 and v4 Video - 400k", { container: "ts", video: hlsVideo(272, [400, 288]) }),
  system(200060, "HLS v3 and v4 Audio - 160k", { container: "ts", audio: { kbps: 160, sampleRateHz: 44_100 } }),
  system(500020, "MPEG-DASH Video - 4.8M", { container: "fmp4", video: dashVideo(4800, [1280, 720]) }),
  system(500030, "MPEG-DASH Video - 2.4M", { container: "fmp4", video: dashVideo(2400, [854, 480]) }),
  system(500040, "MPEG-DASH Video - 1.2M", { container: "fmp4", video: dashVideo(1200, [640, 360]) }),
  system(500050, "MPEG-DASH Video - 600k", { container: "fmp4", video: dashVideo(600, [426, 240]) }),
  system(500060, "MPEG-DASH Audio - 128k", { container: "fmp4", audio: { kbps: 128, sampleRateHz: 48_000 } }),
];

/** All system presets take thumbnails so often, within this size. */
export const THUMBNAILS = { intervalSeconds: 300, maxWidth: 192, maxHeight: 108 } as const;

/** The Preset shape of the API (2012-09-25): every number is a text. */
export function presetOnTheWire({ id, name, type, container, video, audio }: FakePreset): Readonly<Record<string, unknown>> {
  return {
    ...{ Id: id, Name: name, Description: name, Type: type, Container: container },
    ...(audio
      ? {
          Audio: {
            ...{ Codec: "AAC", SampleRate: `${audio.sampleRateHz}`, BitRate: `${audio.kbps}`, Channels: "2" },
            CodecOptions: { Profile: "AAC-LC" },
          },
        }
      : {}),
    ...(video ? { Video: videoOnTheWire(video), Thumbnails: thumbnailsOnTheWire() } : {}),
  };
}

const videoOnTheWire = ({ profile, level, kbps, maxWidth, maxHeight, gopFrames, frameRate }: PresetVideo) => ({
  ...{ Codec: "H.264", CodecOptions: { Profile: profile, Level: level, MaxReferenceFrames: "3" }, BitRate: `${kbps}` },
  ...{ KeyframesMaxDist: `${gopFrames}`, FixedGOP: "true", FrameRate: frameRate === undefined ? "auto" : `${frameRate}` },
  ...{ MaxWidth: `${maxWidth}`, MaxHeight: `${maxHeight}`, DisplayAspectRatio: "auto" },
  ...{ SizingPolicy: "ShrinkToFit", PaddingPolicy: "NoPad" },
});

const thumbnailsOnTheWire = () => ({
  ...{ Format: "png", Interval: `${THUMBNAILS.intervalSeconds}`, SizingPolicy: "ShrinkToFit", PaddingPolicy: "NoPad" },
  ...{ MaxWidth: `${THUMBNAILS.maxWidth}`, MaxHeight: `${THUMBNAILS.maxHeight}` },
});
