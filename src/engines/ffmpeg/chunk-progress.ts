import type { EncodeProgress } from "./progress.ts";
import { progressReader } from "./progress.ts";

/** Adds up the progress of chunks that are encoded side by side. */
export interface ChunkProgress {
  /** Reads the progress lines of one chunk, which lasts so long. */
  reader(lengthSeconds: number): (line: string) => void;
}

/** Calls `onProgress` at each report of any chunk with the sum of all behind `doneSeconds`, at the pace of the wall clock. */
export function chunkProgress(
  onProgress: (progress: EncodeProgress) => void,
  doneSeconds = 0,
  now: () => number = () => performance.now(),
): ChunkProgress {
  const started = now();
  let total = doneSeconds;
  return {
    reader(lengthSeconds) {
      let own = 0;
      return progressReader(({ seconds }) => {
        const reached = Math.min(lengthSeconds, Math.max(own, seconds));
        total += reached - own;
        own = reached;
        const elapsedSeconds = (now() - started) / 1000;
        onProgress(elapsedSeconds > 0 ? { seconds: total, speed: (total - doneSeconds) / elapsedSeconds } : { seconds: total });
      });
    },
  };
}
