import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { loadConfig } from "../../src/config/load.ts";
import { fakeProgram } from "../helpers/fake-program.ts";

const PROGRAMS = { LADDERD_FFMPEG_PATH: "ffmpeg", LADDERD_FFMPEG_PROBE_PATH: "ffprobe", LADDERD_PACKAGER_PATH: "packager" } as const;

/**
 * Media programs for thousands of jobs on a few sources: each runs the real one the first time it is called with some
 * arguments for some source, and afterwards gives the same output, files and exit code in some milliseconds. Everything
 * around them, from the spawn to the check of the output, is real. The sandbox must be off: the store lies outside the work folder.
 */
export async function replayPrograms(folder: string): Promise<Readonly<Record<string, string>>> {
  await mkdir(folder, { recursive: true });
  const { ffmpeg, packager } = loadConfig({ env: {} });
  const real = { ffmpeg: ffmpeg.path, ffprobe: ffmpeg.probePath, packager: packager.path };
  const made = Object.entries(PROGRAMS).map(async ([name, program]) => [
    name,
    await fakeProgram(
      join(folder, program),
      scriptOf({ real: real[program], store: join(folder, "store", program), files: FILES[program] }),
    ),
  ]);
  return { ...z.record(z.string(), z.string()).parse(Object.fromEntries(await Promise.all(made))), LADDERD_SANDBOX: "off" };
}

/** ffmpeg and the packager run at one time in one folder: what either leaves there, as a condition of `find`. */
const PACKAGED = "-name '*.m4s' -o -name init.mp4";
const FILES = { ffmpeg: `! \\( ${PACKAGED} \\)`, ffprobe: "-false", packager: `\\( ${PACKAGED} \\)` } as const;

interface Replayed {
  readonly real: string;
  readonly store: string;
  readonly files: string;
}

/** The job's folder is named at random and must not tell two calls apart; what the program leaves there is kept with its answer. */
const scriptOf = ({ real, store, files }: Replayed): string => `
mkdir -p ${store}
plain=$(printf '%s\\n' "$@" | sed 's|[^ =]*/job-[A-Za-z0-9]*|JOB|g' | cksum)
job=$(printf '%s\\n' "$@" | sed -n 's|^[^/]*\\(/[^ ,]*/job-[A-Za-z0-9]*\\).*|\\1|p' | head -n 1)
base=\${job%%/job-*}
id=\${job#"$base"/job-}
source=$(cksum < "$base/job-\${id%%/*}/source.bin" 2> /dev/null)
entry=${store}/$(echo "$plain" | tr ' ' -)-\${source%% *}
if [ ! -d "$entry" ]; then
  new=$(mktemp -d ${store}/new.XXXXXX)
  mkdir "$new/files"
  "${real}" "$@" > "$new/stdout" 2> "$new/stderr"
  echo $? > "$new/code"
  if [ -n "$job" ]; then (cd "$job" && find . -type f -newer "$new/files" ! -name source.bin ${files} | tar cf - -T - 2>/dev/null) | tar xf - -C "$new/files" 2>/dev/null; fi
  mv -T "$new" "$entry" 2>/dev/null || rm -rf "$new"
elif [ -n "$job" ]; then cp -R "$entry/files/." "$job/"
fi
cat "$entry/stderr" >&2
cat "$entry/stdout"
exit "$(cat "$entry/code")"`;
