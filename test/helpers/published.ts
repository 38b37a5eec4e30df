import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { runCommand } from "../../src/process/run-command.ts";

const { signal } = new AbortController();

export interface Variant {
  readonly attributes: string;
  readonly path: string;
}

/** The variants and audio renditions of a multivariant playlist, with the paths of their playlists. */
export async function readMultivariant(
  path: string,
): Promise<{ readonly variants: readonly Variant[]; readonly audio: readonly Variant[] }> {
  const lines = (await readFile(path, "utf8")).split("\n");
  const absolute = (uri: string): string => join(dirname(path), decodeURI(uri));
  const variants = lines.flatMap((line, index) =>
    line.startsWith("#EXT-X-STREAM-INF:") ? [{ attributes: line, path: absolute(lines[index + 1] ?? "") }] : [],
  );
  const audio = lines.flatMap((line) => {
    const uri = /^#EXT-X-MEDIA:.*URI="([^"]*)"/.exec(line)?.[1];
    return uri === undefined ? [] : [{ attributes: line, path: absolute(uri) }];
  });
  return { variants, audio };
}

/** Every file that a playlist names, itself included, followed to the end. */
export async function filesOfPlaylist(path: string): Promise<string[]> {
  const lines = (await readFile(path, "utf8")).split("\n").filter((line) => line !== "");
  const uris = lines.flatMap((line) => (line.startsWith("#") ? (/URI="([^"]*)"/.exec(line)?.[1] ?? []) : line));
  const files = [...new Set(uris)].map((uri) => join(dirname(path), decodeURI(uri)));
  const nested = await Promise.all(
    files.map(async (file) => {
      if (file.endsWith(".m3u8")) return filesOfPlaylist(file);
      return [file];
    }),
  );
  return [path, ...nested.flat()];
}

/** Every file that an MPD of ours names: init and numbered segments of each representation. */
export async function filesOfManifest(path: string): Promise<string[]> {
  const text = await readFile(path, "utf8");
  const base = join(dirname(path), /<BaseURL>([^<]*)</.exec(text)?.[1] ?? "");
  return [...text.matchAll(/<Representation id="([^"]+)".*?<SegmentTimeline>(.*?)<\/SegmentTimeline>/gs)].flatMap(
    ([, id = "", timeline = ""]) => {
      const repeats = [...timeline.matchAll(/<S [^>]*?(?: r="(\d+)")?\/>/g)].map(([, r]) => 1 + Number(r ?? 0));
      const count = repeats.reduce((total, times) => total + times, 0);
      const names = Array.from({ length: count }, (_, index) => `${String(index + 1).padStart(5, "0")}.m4s`);
      return ["init.mp4", ...names].map((name) => join(base, id, name));
    },
  );
}

/** What a decoder says of a whole playlist: nothing, and every frame there. */
export async function complaintsOf(path: string): Promise<string> {
  const { exitCode, stderrTail } = await runCommand({
    command: "ffmpeg",
    args: ["-v", "error", "-nostdin", "-i", path, "-f", "null", "-"],
    signal,
  });
  return exitCode === 0 ? stderrTail : `exit code ${exitCode}: ${stderrTail}`;
}

export interface Range {
  readonly start: number;
  readonly end: number;
}

/** From the first to the end of the last packet to be shown, in seconds, of the first stream of that kind. */
export async function rangeOf(path: string, kind: "v" | "a"): Promise<Range> {
  const entries = ["-show_entries", "packet=pts_time,duration_time", "-of", "compact=p=0"];
  const { stdout } = await runCommand({
    command: "ffprobe",
    args: ["-v", "error", "-select_streams", `${kind}:0`, ...entries, path],
    signal,
  });
  const times = [...stdout.matchAll(/pts_time=([-\d.]+)\|duration_time=([\d.]+)/g)].map(([, pts, duration]) => ({
    start: Number(pts),
    end: Number(pts) + Number(duration),
  }));
  return { start: Math.min(...times.map(({ start }) => start)), end: Math.max(...times.map(({ end }) => end)) };
}
