/** Lines by which ffmpeg 5 to 9 say that a frame of the source could not be decoded, or only with holes. */
const DECODE_FAILURE = /corrupt decoded frame|Error while decoding stream|Error submitting (?:a )?packet to decoder|Decoding error/;

/**
 * Its H.264 decoder's own words, several to a frame. With frame threads a frame that is output while another thread still
 * reads a damaged one loses the mark that the line above is written for: one time in ten on a busy machine (ffmpeg 5.1).
 */
const DAMAGED_BLOCKS = /error while decoding MB/;

/**
 * Counts damaged frames from ffmpeg's warnings: each matching line is one frame, lines of damaged blocks alone are at least one.
 * `onFirst` is called when there is one.
 */
export function decodeErrorCounter(onFirst: () => void = () => undefined): { add(line: string): void; count(): number } {
  let frames = 0;
  let damagedBlocks = false;
  const count = (): number => Math.max(frames, Number(damagedBlocks));
  return {
    add(line) {
      const isFirst = count() === 0;
      if (DECODE_FAILURE.test(line)) frames += 1;
      else damagedBlocks ||= DAMAGED_BLOCKS.test(line);
      if (isFirst && count() > 0) onFirst();
    },
    count,
  };
}
