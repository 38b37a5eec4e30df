import type { PicturePacket } from "./gop-stats.ts";
import type { Packet } from "./packet-stats.ts";

/** A packet with everything that any reader of packets asks for. */
export type ReadPacket = Packet & PicturePacket & { readonly isHidden: boolean };

/** One packet line of ffprobe's compact writer; undefined for lines without a time. */
export function parsePacketLine(line: string): { streamIndex: number; packet: ReadPacket } | undefined {
  const fields = new Map(line.split("|").map((field) => splitOnce(field)));
  const pts = numberOf(fields.get("pts_time")) ?? numberOf(fields.get("dts_time"));
  const streamIndex = numberOf(fields.get("stream_index"));
  const flags = fields.get("flags") ?? "";
  if (pts === undefined || streamIndex === undefined) return undefined;
  const packet = {
    ptsSeconds: pts,
    dtsSeconds: numberOf(fields.get("dts_time")) ?? pts,
    durationSeconds: Math.max(0, numberOf(fields.get("duration_time")) ?? 0),
    sizeBytes: numberOf(fields.get("size")) ?? 0,
    isKeyframe: flags.startsWith("K"),
    isHidden: flags.includes("D"),
    offset: numberOf(fields.get("pos")),
  };
  return { streamIndex, packet };
}

function splitOnce(field: string): [string, string] {
  const at = field.indexOf("=");
  return at < 0 ? [field, ""] : [field.slice(0, at), field.slice(at + 1)];
}

function numberOf(text: string | undefined): number | undefined {
  if (text === undefined || text === "" || text === "N/A") return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}
