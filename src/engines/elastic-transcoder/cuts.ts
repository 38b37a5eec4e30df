import { OutputError } from "../../domain/errors.ts";
import type { MediaPlaylist } from "../../packaging/read-playlist.ts";

/** A segment inside the one file of its rendition, as playlist or index have it. */
export interface Cut {
  readonly offset: number;
  readonly bytes: number;
  readonly startSeconds: number;
  readonly seconds: number;
}

/** A packet as ffprobe finds it, in decode order; not every packet of sound has a place of its own. */
export interface PlacedPacket {
  readonly offset: number | undefined;
  readonly ptsSeconds: number;
  readonly sizeBytes: number;
  readonly isKeyframe: boolean;
}

/** Players seek by the playlist's times: so far may a segment be from where it says. */
const OFF_SECONDS = 0.1;

/** The segments of a playlist of byte ranges; those without one are files of their own, and begin at 0. */
export function cutsOf({ segments }: Pick<MediaPlaylist, "segments">): readonly Cut[] {
  let at = 0;
  return segments.map(({ seconds, range }) => {
    const cut = { offset: range?.offset ?? 0, bytes: range?.bytes ?? 0, startSeconds: at, seconds };
    at += seconds;
    return cut;
  });
}

/**
 * Every segment begins with a keyframe, at the time after the first that playlist or index says: a player that begins there
 * shows the right picture at once (RELIABILITY.md R-X9). Pure; `packets` are of one track. Throws OutputError output_misaligned.
 */
export function verifyCuts(name: string, cuts: readonly Cut[], packets: readonly PlacedPacket[]): void {
  const placed = packets.flatMap(({ offset, ...packet }) => (offset === undefined ? [] : [{ ...packet, offset }]));
  const origin = { packetSeconds: placed[0]?.ptsSeconds ?? 0, cutSeconds: cuts[0]?.startSeconds ?? 0 };
  let next = 0;
  for (const cut of cuts) {
    while ((placed[next]?.offset ?? Infinity) < cut.offset) next += 1;
    verifyStart(name, { cut, packet: placed[next] }, origin);
  }
}

interface Start {
  readonly cut: Cut;
  readonly packet: PlacedPacket | undefined;
}

function verifyStart(name: string, { cut, packet }: Start, origin: { readonly packetSeconds: number; readonly cutSeconds: number }): void {
  const at = `${name} at ${cut.startSeconds.toFixed(3)} s`;
  if (!packet || (packet.offset ?? Infinity) >= cut.offset + cut.bytes) throw misaligned(`${at} has no packet`);
  if (!packet.isKeyframe) throw misaligned(`${at} begins without a keyframe`);
  const seconds = packet.ptsSeconds - origin.packetSeconds - (cut.startSeconds - origin.cutSeconds);
  if (Math.abs(seconds) > OFF_SECONDS) throw misaligned(`${at} is ${seconds.toFixed(3)} s late`);
}

/** Packets a second, over everything; 0 for a single one. */
export function packetRate(packets: readonly PlacedPacket[]): number {
  let [first, last] = [Infinity, -Infinity];
  for (const { ptsSeconds } of packets) [first, last] = [Math.min(first, ptsSeconds), Math.max(last, ptsSeconds)];
  return last > first ? (packets.length - 1) / (last - first) : 0;
}

const misaligned = (message: string): OutputError => new OutputError("output_misaligned", `elastic-transcoder: ${message}`);
