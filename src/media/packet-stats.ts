/** What a pass over a stream's packets tells; times in seconds. */
export interface PacketStats {
  readonly count: number;
  readonly keyframes: number;
  readonly bytes: number;
  readonly firstSeconds: number;
  /** Presentation time of the last packet. */
  readonly lastStartSeconds: number;
  /** End of the last packet to be shown. */
  readonly endSeconds: number;
  /** Median time between neighbours in presentation order; 0 when there is one packet. */
  readonly medianStepSeconds: number;
  readonly largestStepSeconds: number;
  /** Longest time from one keyframe to the next, or to the last packet. */
  readonly longestGopSeconds: number;
  /** Share of steps within a quarter of the median: 1 for a constant rate. */
  readonly steadyShare: number;
  /** Mean of those steps: a gap here and there does not move it, rounded time stamps average out. */
  readonly steadyStepSeconds: number;
}

export interface Packet {
  readonly ptsSeconds: number;
  readonly durationSeconds: number;
  readonly sizeBytes: number;
  readonly isKeyframe: boolean;
}

/** H.264 and HEVC reorder at most 16 frames. */
const REORDER_DEPTH = 32;
const STEP_GRAIN_SECONDS = 1e-4;
/** Kinds of steps that are counted: a film has some thousands at the most, a hostile source as many as packets. */
const MAX_STEP_KINDS = 100_000;
/** Time stamps rounded to whole milliseconds (Matroska) move a step by this much. */
const ROUNDING_SECONDS = 0.0011;

interface Accumulator {
  add(packet: Packet): void;
  result(): PacketStats | undefined;
}

/** Gathers statistics in bounded memory, however long the stream: packets in decode order, steps in presentation order. */
export function packetStats(): Accumulator {
  const waiting: number[] = [];
  const steps = new Map<number, number>();
  const sums = {
    count: 0,
    keyframes: 0,
    bytes: 0,
    first: Infinity,
    end: -Infinity,
    lastPts: -Infinity,
    lastDuration: 0,
    previous: Number.NaN,
    largest: 0,
    lastKeyframe: -Infinity,
    longestGop: 0,
  };
  const release = (pts: number): void => {
    const step = pts - sums.previous;
    if (step > 0) {
      sums.largest = Math.max(sums.largest, step);
      const grain = Math.round(step / STEP_GRAIN_SECONDS);
      const count = steps.get(grain) ?? 0;
      if (count > 0 || steps.size < MAX_STEP_KINDS) steps.set(grain, count + 1);
    }
    sums.previous = pts;
  };
  return {
    add({ ptsSeconds, durationSeconds, sizeBytes, isKeyframe }) {
      sums.count += 1;
      sums.bytes += sizeBytes;
      if (isKeyframe) {
        sums.keyframes += 1;
        if (sums.lastKeyframe > -Infinity) sums.longestGop = Math.max(sums.longestGop, ptsSeconds - sums.lastKeyframe);
        sums.lastKeyframe = ptsSeconds;
      }
      sums.first = Math.min(sums.first, ptsSeconds);
      sums.end = Math.max(sums.end, ptsSeconds + durationSeconds);
      if (ptsSeconds > sums.lastPts) [sums.lastPts, sums.lastDuration] = [ptsSeconds, durationSeconds];
      insertSorted(waiting, ptsSeconds);
      if (waiting.length > REORDER_DEPTH) release(waiting.shift() ?? ptsSeconds);
    },
    result() {
      while (waiting.length > 0) release(waiting.shift() ?? 0);
      if (sums.count === 0) return undefined;
      const medianStepSeconds = median(steps) * STEP_GRAIN_SECONDS;
      const endSeconds = sums.lastDuration > 0 ? sums.end : sums.lastPts + medianStepSeconds;
      const { count, keyframes, bytes, first, largest, lastPts } = sums;
      const range = { firstSeconds: first, lastStartSeconds: lastPts, endSeconds };
      const longestGopSeconds = Math.max(sums.longestGop, lastPts - Math.max(sums.lastKeyframe, first));
      const spread = { medianStepSeconds, largestStepSeconds: largest, longestGopSeconds };
      return { count, keyframes, bytes, ...range, ...spread, ...steady(steps, medianStepSeconds) };
    },
  };
}

function insertSorted(list: number[], value: number): void {
  let at = list.length;
  while (at > 0 && (list[at - 1] ?? 0) > value) at -= 1;
  list.splice(at, 0, value);
}

function median(steps: ReadonlyMap<number, number>): number {
  const total = sum(steps.values());
  let seen = 0;
  for (const [grain, count] of [...steps].toSorted(([a], [b]) => a - b)) {
    seen += count;
    if (seen * 2 >= total) return grain;
  }
  return 0;
}

function steady(steps: ReadonlyMap<number, number>, medianStep: number): { steadyShare: number; steadyStepSeconds: number } {
  const total = sum(steps.values());
  const tolerance = Math.max(medianStep / 4, ROUNDING_SECONDS);
  const near = [...steps].filter(([grain]) => Math.abs(grain * STEP_GRAIN_SECONDS - medianStep) <= tolerance);
  const count = sum(near.map(([, times]) => times));
  if (count === 0) return { steadyShare: 1, steadyStepSeconds: medianStep };
  return { steadyShare: count / total, steadyStepSeconds: (sum(near.map(([grain, times]) => grain * times)) * STEP_GRAIN_SECONDS) / count };
}

const sum = (values: Iterable<number>): number => Iterator.from(values).reduce((a, b) => a + b, 0);
