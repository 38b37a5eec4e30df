import type { EncodePlan } from "../../domain/encode-plan.ts";
import { formatRational } from "../../domain/rational.ts";
import type { AssetDescription } from "../../publish/asset-record.ts";
import type { Streams } from "./streams.ts";

/** What a description is made from. */
export interface Described {
  readonly plan: EncodePlan;
  readonly streams: Streams;
  /** Of all media, that of MPEG-DASH as well. */
  readonly bytes: number;
  /** What asset.json says of poster and storyboard. */
  readonly pictures: Readonly<Record<string, string>>;
}

/** What asset.json says of the service's streams: renditions as HLS has them. Pure. */
export function describe({ plan, streams: { pictures, sound }, bytes, pictures: shown }: Described): AssetDescription {
  const [top] = pictures;
  return {
    shown: {
      durationSeconds: Number((top?.durationSeconds ?? plan.timeline.durationSeconds).toFixed(6)),
      ...(top ? { width: top.width, height: top.height, frameRate: formatRational(plan.timeline.frameRate) } : {}),
      renditions: [
        ...pictures.map(({ id, codecs, width, height, averageBps, peakBps }) => ({
          ...{ id, kind: "video", codecs, width, height, averageBps, peakBps },
        })),
        ...(sound ? [{ id: sound.id, kind: "audio", codecs: sound.codecs, averageBps: sound.averageBps, peakBps: sound.peakBps }] : []),
      ],
      ...{ audio: sound ? [soundEntry(sound.rendition)] : [] },
      text: [],
      ...shown,
    },
    bytes,
    plan,
  };
}

const soundEntry = ({ id, language, name, channels, isDefault }: EncodePlan["audio"][number]) => ({
  id,
  language,
  name,
  channels,
  default: isDefault,
});
