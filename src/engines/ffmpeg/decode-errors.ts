/** Lines by which ffmpeg 5 to 9 say that a frame of the source could not be decoded, or only with holes. */
const DECODE_FAILURE = /corrupt decoded frame|Error while decoding stream|Error submitting (?:a )?packet to decoder|Decoding error/;

/** Counts damaged frames from ffmpeg's warnings; each matching line is one frame. */
export function decodeErrorCounter(): { add(line: string): void; count(): number } {
  let count = 0;
  return {
    add(line) {
      if (DECODE_FAILURE.test(line)) count += 1;
    },
    count: () => count,
  };
}
