/** Calls `onStall` once when the media time has not moved for `afterMs`, on the monotonic clock of timers. */
export function watchProgress(afterMs: number, onStall: () => void): { advance(mediaSeconds: number): void; stop(): void } {
  let furthest = -1;
  let isOver = false;
  const end = (): void => {
    isOver = true;
    onStall();
  };
  let timer = setTimeout(end, afterMs);
  return {
    advance(mediaSeconds) {
      if (isOver || mediaSeconds <= furthest) return;
      furthest = mediaSeconds;
      clearTimeout(timer);
      timer = setTimeout(end, afterMs);
    },
    stop() {
      isOver = true;
      clearTimeout(timer);
    },
  };
}
