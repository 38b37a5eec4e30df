import { accessSync, constants, statSync } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";

import type { Config } from "./config.ts";
import { ConfigError } from "./config-error.ts";

/** Where programs are when the environment has no PATH. */
const FALLBACK_PATH = "/usr/local/bin:/usr/bin:/bin";

/** The file that a program's name stands for on this PATH; undefined when there is none to run. */
export function findProgram(name: string, path: string | undefined): string | undefined {
  const candidates = name.includes("/") ? [name] : (path ?? FALLBACK_PATH).split(delimiter).map((folder) => join(folder, name));
  return candidates.find((file) => isAbsolute(file) && isProgram(file));
}

/** Throws ConfigError with the line that installs it when ffmpeg or ffprobe cannot be found. */
export function requireFfmpeg({ ffmpeg }: Pick<Config, "ffmpeg">): void {
  const missing = [
    { key: "ffmpeg.path", name: ffmpeg.path },
    { key: "ffmpeg.probePath", name: ffmpeg.probePath },
  ].filter(({ name }) => !isAbsolute(name) || !isProgram(name));
  if (missing.length === 0) return;
  throw new ConfigError(missing.map(({ key, name }) => `${key}: ${name} cannot be run; install it: ${INSTALL_FFMPEG}`));
}

/** The one line that installs ffmpeg and ffprobe on Debian and Ubuntu. */
export const INSTALL_FFMPEG = "apt-get install ffmpeg";

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
