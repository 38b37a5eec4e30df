import { readFile, readdir } from "node:fs/promises";
import { basename } from "node:path";

/** What fences are made of, and programs without one. */
const OURS = /^(?:bwrap|prlimit|choom|nice|setpriv|unshare|ffmpeg|ffprobe|packager.*)$/;

/**
 * Ends programs of ours that work in this folder, whose worker is gone. The kernel ends them with their worker, but for one
 * case: a bwrap that is killed in its first steps leaves its child, which waits for it for ever or knows nothing of its end.
 */
export async function endLeftPrograms(folder: string): Promise<void> {
  const pids = (await readdir("/proc").catch(() => [])).map(Number).filter((pid) => pid > 0 && pid !== process.pid);
  for (const pid of pids) {
    const words = (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).split("\0");
    if (OURS.test(basename(words[0] ?? "")) && words.some((word) => word.includes(`${folder}/`))) end(pid);
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended meanwhile, or is another user's.
  }
}
