import type { Loudness } from "../../domain/loudness.ts";

interface LoudnessReader {
  add(line: string): void;
  result(): ReadonlyMap<string, Loudness>;
}

/** Reads the summaries of ebur128 filters from ffmpeg's log, by the name that each instance was given. */
export function loudnessReader(): LoudnessReader {
  const found = new Map<string, Partial<Loudness>>();
  let current: string | undefined;
  return {
    add(line) {
      current = /^\[ebur128@([\w-]+) @ /.exec(line)?.[1] ?? current;
      const reading = current === undefined ? undefined : readingOf(line);
      if (current !== undefined && reading) found.set(current, { ...found.get(current), ...reading });
    },
    result: () =>
      new Map(
        [...found].flatMap(([id, { integratedLufs, truePeakDbtp }]) =>
          integratedLufs === undefined || truePeakDbtp === undefined ? [] : [[id, { integratedLufs, truePeakDbtp }] as const],
        ),
      ),
  };
}

function readingOf(line: string): Partial<Loudness> | undefined {
  const [, name, value] = /^\s+(I|Peak):\s+(-?(?:[\d.]+|inf)) (?:LUFS|dBFS)$/.exec(line) ?? [];
  const number = value === "-inf" ? -Infinity : Number(value);
  if (name === "I") return { integratedLufs: number };
  return name === "Peak" ? { truePeakDbtp: number } : undefined;
}
