import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";

/** Far more than ffmpeg, ffprobe or the packager write on any line that is asked for. */
const MAX_LINE_LENGTH = 64 * 1024;

/**
 * Hands over each line of the stream, the last one without an end included. Of a longer line only the beginning comes: a
 * program that was taken over must not fill the worker's memory with one that never ends.
 */
export function eachLine(stream: Readable, onLine: (line: string) => void): void {
  const decoder = new StringDecoder("utf8");
  let line = "";
  const take = (text: string): void => {
    for (const [index, part] of text.split("\n").entries()) {
      if (index > 0) {
        onLine(line);
        line = "";
      }
      line += part.slice(0, MAX_LINE_LENGTH - line.length);
    }
  };
  stream.on("data", (chunk: Buffer) => take(decoder.write(chunk)));
  stream.once("end", () => {
    take(decoder.end());
    if (line !== "") onLine(line);
  });
}
