import { frameRange } from "../../domain/chunks.ts";
import type { EncodePlan, VideoRendition } from "../../domain/encode-plan.ts";
import type { VideoTrack } from "../../domain/source.ts";
import { toDelivery } from "./colour-filters.ts";
import { upright } from "./orientation-filters.ts";
import { filterSeconds, padOf } from "./pads.ts";
import { clockShiftSeconds } from "./seek.ts";

/** Frames held and silence added at the end at most: more missing than this is a broken source, not a rounding. */
const HOLD_SECONDS = 1;
const HOLD_SHARE = 0.05;

/** One decode, then the cascade of scalers; what differs in its codec alone is one picture. */
export function videoChains(plan: EncodePlan): string[] {
  const track = plan.source.video;
  const encoded = plan.video.filter(({ copied }) => !copied);
  const sizes = Map.groupBy(encoded.toReversed(), ({ width, height }) => `${width}x${height}`);
  const [top, ...smaller] = [...sizes.values()].map((renditions) => renditions.toReversed());
  const [first] = top ?? [];
  if (!track || !top || !first) return [];
  return cascade([`[0:${track.index}]${[...onTimeline(plan), ...upright(track), ...toDelivery(track, first)].join(",")}`, top], smaller);
}

type SameSize = readonly VideoRendition[];

function cascade([chain, renditions]: readonly [string, SameSize], smaller: readonly SameSize[]): string[] {
  const [next, ...rest] = smaller;
  const [first] = next ?? [];
  const pads = renditions.map(({ id }) => padOf(id));
  if (!next || !first) return [chain + handOut(pads)];
  const below = `[below-${renditions[0]?.id}]`;
  return [chain + handOut([...pads, below]), ...cascade([`${below}${resize(first).join(",")}`, next], rest)];
}

const handOut = (pads: readonly string[]): string => (pads.length > 1 ? `,split=${pads.length}${pads.join("")}` : pads.join(""));

/** Moves the picture to the timeline and makes its rate constant and its length exact. */
function onTimeline(plan: EncodePlan): string[] {
  const { source, timeline } = plan;
  const { num, den } = timeline.frameRate;
  const { start, end } = frameRange(plan);
  const hold = Math.max(HOLD_SECONDS, timeline.durationSeconds * HOLD_SHARE);
  return [
    // Nothing to do but for a frame of another size than the first: a broadcast that changes to another format.
    `scale=w=${source.video?.codedWidth ?? 0}:h=${source.video?.codedHeight ?? 0}`,
    // A newer ffmpeg would hand the matrix on to the encoder, and players would turn the picture again.
    "sidedata=mode=delete:type=DISPLAYMATRIX",
    // ffmpeg has taken the container's start off already; both tracks lose the same amount more, so sync survives.
    `setpts=PTS-${filterSeconds(clockShiftSeconds(plan))}/TB`,
    ...(source.video?.interlaced ? [deinterlace(source.video)] : []),
    // A chunk takes its phase from the clock alone: what it reads before its first frame is cut by number behind.
    start === 0 ? `fps=fps=${num}/${den}:start_time=0` : `fps=fps=${num}/${den}`,
    `tpad=stop_mode=clone:stop_duration=${hold.toFixed(3)}`,
    plan.range ? `trim=start_pts=${start}:end_pts=${end}` : `trim=end_frame=${timeline.frameCount}`,
  ];
}

const PARITY = { top: "tff", bottom: "bff" } as const;

/** One frame for two fields; fields that no flag declares are taken in the order that was measured. */
const deinterlace = ({ firstField }: VideoTrack): string =>
  `bwdif=mode=send_frame:parity=${firstField ? PARITY[firstField] : "auto"}:deint=all`;

/** bicubic loses 2.4 VMAF at 480p and 4.6 at 240p against this; without setsar 854x480 advertises 853x480. */
const resize = ({ width, height }: VideoRendition): string[] => [`scale=w=${width}:h=${height}:flags=lanczos`, "setsar=1"];
