/** A packet of a picture, as far as GOPs are concerned; times in seconds. */
export interface PicturePacket {
  readonly ptsSeconds: number;
  readonly dtsSeconds: number;
  readonly durationSeconds: number;
  readonly sizeBytes: number;
  readonly isKeyframe: boolean;
  /** Where its bytes lie in the file; undefined when they are not in one piece. */
  readonly offset: number | undefined;
}

/** A keyframe and what follows it in decode order. */
export interface Gop {
  readonly startSeconds: number;
  readonly frames: number;
  readonly bytes: number;
  readonly keyframe: { readonly offset: number | undefined; readonly sizeBytes: number };
}

/** The GOPs of a track, and how evenly its packets follow each other. */
export interface GopStats {
  /** In order; no more than a film of hours has. */
  readonly gops: readonly Gop[];
  /** Packets of hidden frames, which an edit list cuts off. */
  readonly hiddenFrames: number;
  /** Frames before the first keyframe. */
  readonly strayFrames: number;
  /** Frames that are decoded in one GOP and shown in the time of another. */
  readonly crossingFrames: number;
  /** The span between the shortest and the longest step in decode order, and between the shortest and the longest duration. */
  readonly stepSpreadSeconds: number;
  readonly durationSpreadSeconds: number;
}

/** Six hours of one GOP a second. */
const MAX_GOPS = 22_000;

interface Collector {
  add(packet: PicturePacket): void;
  addHidden(): void;
  result(): GopStats;
}

/** Gathers the GOPs of a track from its packets in decode order. More of them than anyone copies are not kept. */
export function gopStats(): Collector {
  const gops: { startSeconds: number; frames: number; bytes: number; keyframe: Gop["keyframe"] }[] = [];
  const counts = { hiddenFrames: 0, strayFrames: 0, crossingFrames: 0 };
  const [steps, durations] = [spread(), spread()];
  let shownUntil = -Infinity;
  let previousDts = Number.NaN;
  return {
    add({ ptsSeconds, dtsSeconds, durationSeconds, sizeBytes, isKeyframe, offset }) {
      if (isKeyframe && ptsSeconds <= shownUntil) counts.crossingFrames += 1;
      if (isKeyframe && gops.length < MAX_GOPS) {
        gops.push({ startSeconds: ptsSeconds, frames: 0, bytes: 0, keyframe: { offset, sizeBytes } });
      }
      const gop = gops.at(-1);
      if (gop) {
        gop.frames += 1;
        gop.bytes += sizeBytes;
        if (ptsSeconds < gop.startSeconds) counts.crossingFrames += 1;
      } else counts.strayFrames += 1;
      if (!Number.isNaN(previousDts)) steps.add(dtsSeconds - previousDts);
      durations.add(durationSeconds);
      shownUntil = Math.max(shownUntil, ptsSeconds);
      previousDts = dtsSeconds;
    },
    addHidden() {
      counts.hiddenFrames += 1;
    },
    result: () => ({ gops, ...counts, stepSpreadSeconds: steps.width(), durationSpreadSeconds: durations.width() }),
  };
}

function spread(): { add(value: number): void; width(): number } {
  let [least, most] = [Infinity, -Infinity];
  return {
    add(value) {
      least = Math.min(least, value);
      most = Math.max(most, value);
    },
    width: () => Math.max(0, most - least),
  };
}
