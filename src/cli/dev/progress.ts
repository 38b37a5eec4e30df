import type { JobEvent } from "../../pipeline/ports.ts";
import { renderFrame } from "./progress-frame.ts";
import type { ProgressState } from "./progress-state.ts";
import { afterEvent } from "./progress-state.ts";
import { plainText } from "./text-width.ts";

/** Where progress is drawn: a terminal's stdout, or any text stream. */
export interface ProgressTarget {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface Progress {
  report(event: JobEvent): void;
  /** Writes a line that stays, above the bars. */
  log(line: string): void;
  /** Removes the bars and shows the cursor again; safe to call again. */
  close(): void;
}

const FRAME_MS = 100;
const HIDE_CURSOR = "\u001B[?25l";
const SHOW_CURSOR = "\u001B[?25h";
const ERASE_BELOW = "\u001B[J";
const up = (lines: number): string => (lines > 0 ? `\u001B[${lines}A\r` : "\r");

/** Bars redrawn in place on a terminal, one line per stage of a job elsewhere. */
export const createProgress = (target: ProgressTarget): Progress => (target.isTTY === true ? createBars(target) : createLines(target));

function createBars(target: ProgressTarget): Progress {
  let state: ProgressState = new Map();
  let drawnLines = 0;
  let timer: NodeJS.Timeout | undefined;

  const draw = (above = ""): void => {
    clearTimeout(timer);
    timer = undefined;
    const lines = renderFrame(state, target.columns ?? 80);
    const frame = lines.map((line) => `${line}\n`).join("");
    const cursor = lines.length > 0 ? HIDE_CURSOR : SHOW_CURSOR;
    target.write(`${cursor}${up(drawnLines)}${ERASE_BELOW}${above}${frame}`);
    drawnLines = lines.length;
  };

  return {
    report(event) {
      state = afterEvent(state, event);
      timer ??= setTimeout(draw, FRAME_MS);
    },
    log: (line) => draw(`${line}\n`),
    close() {
      if (timer === undefined && drawnLines === 0) return;
      state = new Map();
      draw();
    },
  };
}

function createLines(target: ProgressTarget): Progress {
  let state: ProgressState = new Map();
  return {
    report(event) {
      state = afterEvent(state, event);
      const job = state.get(event.jobId);
      if (job && event.kind === "stage-started") target.write(`${plainText(job.name)}: ${event.stage}\n`);
    },
    log: (line) => void target.write(`${line}\n`),
    close: () => undefined,
  };
}
