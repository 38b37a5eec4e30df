/** What ffmpeg reports every half second on its progress pipe. */
export interface EncodeProgress {
  /** Media time encoded so far. */
  readonly seconds: number;
  /** Media seconds per wall-clock second; undefined before the first figure. */
  readonly speed?: number;
}

/** Collects `key=value` lines and calls `onProgress` once per report (its last line is `progress=…`). */
export function progressReader(onProgress: (progress: EncodeProgress) => void): (line: string) => void {
  let seconds = 0;
  let speed: number | undefined;
  return (line) => {
    const at = line.indexOf("=");
    const [key, value] = [line.slice(0, at).trim(), line.slice(at + 1).trim()];
    if (key === "out_time_us") seconds = finite(value) === undefined ? seconds : Math.max(0, Number(value) / 1_000_000);
    else if (key === "speed") speed = finite(value.replace(/x$/, "")) ?? speed;
    else if (key === "progress") onProgress(speed === undefined ? { seconds } : { seconds, speed });
  };
}

function finite(text: string): number | undefined {
  const value = Number(text);
  return text !== "" && Number.isFinite(value) ? value : undefined;
}
