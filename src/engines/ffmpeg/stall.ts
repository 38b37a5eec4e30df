/** Calls `onStall` once when the media time has not moved for `afterMs`, on the monotonic clock of timers. */
export function watchProgress(afterMs: number, onStall: () => void): { advance(mediaSeconds: number): void; stop(): void } {
  let furthest = -1;
  let timer = setTimeout(onStall, afterMs);
  return {
    advance(mediaSeconds) {
      if (mediaSeconds <= furthest) return;
      furthest = mediaSeconds;
      clearTimeout(timer);
      timer = setTimeout(onStall, afterMs);
    },
    stop: () => clearTimeout(timer),
  };
}
