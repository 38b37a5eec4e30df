import { OutputError } from "../domain/errors.ts";
import type { ReadPacket } from "./packet-line.ts";
import { parsePacketLine } from "./packet-line.ts";
import type { FfprobeTools } from "./run-ffprobe.ts";
import { ffprobeOn } from "./run-ffprobe.ts";

const DEADLINE_MS = 300_000;

/** Every packet of a file of one track that somebody else made, in decode order. Throws OutputError output_incomplete when it cannot be read to its end, and what ffprobeOn throws. */
export async function probePackets(path: string, tools: FfprobeTools, signal: AbortSignal): Promise<readonly ReadPacket[]> {
  const packets: ReadPacket[] = [];
  const { exitCode, stderrTail } = await ffprobeOn(
    path,
    tools,
    signal,
  )({
    args: ["-show_entries", "packet=stream_index,pts_time,dts_time,duration_time,size,pos,flags", "-of", "compact=p=0"],
    deadlineMs: DEADLINE_MS,
    onStdoutLine: (line) => {
      const packet = parsePacketLine(line)?.packet;
      if (packet && !packet.isHidden) packets.push(packet);
    },
  });
  if (exitCode === 0 && packets.length > 0) return packets;
  throw new OutputError("output_incomplete", "what the service wrote cannot be read", { facts: { ffprobe: stderrTail.slice(-500) } });
}
