import { open } from "node:fs/promises";
import { BoxError } from "./boxes.ts";

const HEADER_BYTES = 8;
/** What ffmpeg writes is 2 KB. */
const MAX_INIT_BYTES = 1024 * 1024;

/** What a fragmented MP4 holds before its first fragment: file type and movie box. Throws BoxError when there is no fragment. */
export async function readInitBytes(path: string): Promise<Buffer> {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_INIT_BYTES), 0, MAX_INIT_BYTES, 0);
  for (let at = 0; at + HEADER_BYTES <= bytesRead;) {
    if (buffer.toString("latin1", at + 4, at + HEADER_BYTES) === "moof") return buffer.subarray(0, at);
    const size = buffer.readUInt32BE(at);
    if (size < HEADER_BYTES) break;
    at += size;
  }
  throw new BoxError("no fragment");
}
