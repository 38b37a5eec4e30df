import { readdir } from "node:fs/promises";
import { loadConfig } from "../../src/config/load.ts";
import type { Ladder } from "../../src/domain/ladder.ts";
import type { JobEvent } from "../../src/pipeline/ports.ts";
import type { TranscodeResult } from "../../src/pipeline/transcode-file.ts";
import { transcodeFile } from "../../src/pipeline/transcode-file.ts";
import { aLadder } from "./ladders.ts";
import type { TemporaryFolder } from "./temporary-folder.ts";

export interface TranscodeOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: JobEvent) => void;
  /** What the ladder is to have besides. */
  readonly ladder?: Partial<Ladder>;
}

/** The configuration of a test: the quick ladder, a work directory of its own. */
export const configIn = (folder: TemporaryFolder, env: Readonly<Record<string, string>> = {}) =>
  loadConfig({
    env: { PATH: process.env["PATH"], NODE_ENV: "test", LADDERD_LADDER: "h264-fast", LADDERD_WORK_DIR: folder.in("work"), ...env },
  });

/** Transcodes `file` into the folder's "out", as `ladderd transcode` does. */
export function transcodeIn(folder: TemporaryFolder, file: string, options: TranscodeOptions = {}): Promise<TranscodeResult> {
  const { env = {}, signal = new AbortController().signal, onEvent, ladder } = options;
  const config = configIn(folder, env);
  const ladders = ladder ? { ladders: new Map([[config.ladder, aLadder({ name: config.ladder, ...ladder })]]) } : {};
  return transcodeFile({ file, outDir: folder.in("out"), config, signal, ...ladders, ...(onEvent ? { onEvent } : {}) });
}

/** Every file of "out" and everything of the work directory: what an attempt left. */
export async function leftIn(folder: TemporaryFolder): Promise<{ readonly out: readonly string[]; readonly work: readonly string[] }> {
  const list = (name: string): Promise<string[]> => readdir(folder.in(name), { recursive: true }).catch(() => []);
  const [out, work] = await Promise.all([list("out"), list("work")]);
  return { out, work };
}
