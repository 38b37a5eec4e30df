import type { Preset, PresetAudio, PresetVideo } from "./preset.ts";

/**
 * The system presets by the ids that the documentation lists. The service is gone and cannot be asked: settings are here
 * where an answer of ReadPreset was captured, and nowhere else; a preset without settings is only known by name.
 */
const id = (number: string): string => `1351620000001-${number}`;

type Settings = Omit<Preset, "id" | "name">;

const h264 = (profile: string, level: string, kilobits: number): PresetVideo => ({
  codec: "H.264",
  profile,
  level,
  bitrateBps: kilobits * 1000,
});
const boxed = (video: PresetVideo, maxWidth: number, maxHeight: number): PresetVideo => ({ ...video, maxWidth, maxHeight });
const aac = (kilobits: number, sampleRate: number): PresetAudio => ({ codec: "AAC", bitrateBps: kilobits * 1000, sampleRate, channels: 2 });

/** FixedGOP and 90 frames were captured of these. */
const FIXED_90 = { keyframeFrames: 90, fixedGop: true } as const;

const CAPTURED: Readonly<Record<string, readonly [name: string, settings: Settings]>> = {
  "200015": ["HLS Video - 2M", { container: "ts", video: { ...boxed(h264("main", "3.1", 1872), 1024, 768), ...FIXED_90 } }],
  "200035": ["HLS Video - 1M", { container: "ts", video: boxed(h264("main", "3", 872), 640, 432) }],
  "200040": [
    "HLS 600k",
    { container: "ts", video: { ...boxed(h264("baseline", "3", 472), 480, 320), ...FIXED_90, frameRate: "auto" }, audio: aac(128, 44_100) },
  ],
  "200045": ["HLS Video - 600k", { container: "ts", video: boxed(h264("baseline", "3", 472), 480, 320) }],
  "200050": [
    "HLS 400k",
    { container: "ts", video: boxed(h264("baseline", "3", 272), 400, 288), audio: { codec: "AAC", bitrateBps: 128_000 } },
  ],
  "200055": ["HLS Video - 400k", { container: "ts", video: boxed(h264("baseline", "3", 272), 400, 288) }],
  "200060": ["HLS Audio - 160k", { container: "ts", audio: aac(160, 44_100) }],
  "500020": [
    "MPEG-DASH Video - 4.8M",
    { container: "fmp4", video: { ...boxed(h264("main", "3.1", 4800), 1280, 720), frameRate: "30", keyframeFrames: 60, fixedGop: true } },
  ],
  "500030": ["MPEG-DASH Video - 2.4M", { container: "fmp4", video: boxed(h264("main", "3.1", 2400), 854, 480) }],
  "500040": ["MPEG-DASH Video - 1.2M", { container: "fmp4", video: boxed(h264("main", "3", 1200), 640, 360) }],
  "500050": ["MPEG-DASH Video - 600k", { container: "fmp4", video: boxed(h264("main", "3", 600), 426, 240) }],
  "500060": ["MPEG-DASH Audio - 128k", { container: "fmp4", audio: aac(128, 48_000) }],
  "400010": ["Smooth - 3M", { video: { ...boxed(h264("high", "3.1", 2962), 1280, 720), frameRate: "30" } }],
  "400020": ["Smooth - 2M", { video: boxed({ codec: "H.264", bitrateBps: 2_056_000 }, 992, 560) }],
  "000001": ["Generic 1080p", { container: "mp4", video: { ...h264("baseline", "4", 5400), frameRate: "29.97" } }],
  "000010": ["Generic 720p", { video: { codec: "H.264", bitrateBps: 2_400_000 } }],
};

const NAMES: Readonly<Record<string, string>> = {
  "200010": "HLS 2M",
  "200020": "HLS 1.5M",
  "200025": "HLS Video - 1.5M",
  "200030": "HLS 1M",
  "200070": "HLS Audio - 64k (replaced by 200071)",
  "200071": "HLS Audio - 64k",
  "400030": "Smooth - 1.5M",
  "400040": "Smooth - 1M",
  "400050": "Smooth - 800k",
  "400060": "Smooth - 600k",
  "400070": "Smooth - 500k",
  "400080": "Smooth - 400k",
  "000020": "Generic 480p 16:9",
  "000030": "Generic 480p 4:3",
  "000040": "Generic 360p 16:9",
  "000050": "Generic 360p 4:3",
  "000061": "Generic 320x240",
  "100020": "iPhone",
  "100070": "Web",
  "100110": "Audio AAC",
  "100120": "Audio AAC",
  "100130": "Audio AAC",
  "100141": "Audio AAC",
  "100200": "GIF",
  "100240": "WebM",
  "100250": "VP9",
  "100260": "VP9",
  "300010": "Audio MP3",
  "300020": "Audio MP3",
  "300030": "Audio MP3",
  "300040": "Audio MP3",
};

/** System presets with what was captured of their settings. */
export const CAPTURED_PRESETS: readonly Preset[] = Object.entries(CAPTURED).map(([number, [name, settings]]) => ({
  id: id(number),
  name,
  ...settings,
}));

const NAMED_ONLY: ReadonlyMap<string, string> = new Map(Object.entries(NAMES).map(([number, name]) => [id(number), name]));

export type FoundPreset = { readonly kind: "known"; readonly preset: Preset } | { readonly kind: "unknown"; readonly problem: string };

/**
 * The preset of an id: a custom one first, then a system preset. `problem` says for people what to do about one whose
 * settings nobody has.
 */
export function findPreset(presetId: string, custom: readonly Preset[]): FoundPreset {
  const preset = [...custom, ...CAPTURED_PRESETS].find((candidate) => candidate.id === presetId);
  if (preset) return { kind: "known", preset };
  const name = NAMED_ONLY.get(presetId);
  const who =
    name === undefined ? `preset ${presetId} is not a system preset` : `the settings of system preset ${presetId} (${name}) are not known`;
  return {
    kind: "unknown",
    problem: `${who}, and the service that knew them was switched off: put what ReadPreset once answered into the file of elasticTranscoder.presets`,
  };
}
