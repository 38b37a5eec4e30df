import { join } from "node:path";
import type { TextRendition } from "../domain/encode-plan.ts";
import type { SourceRef } from "../domain/job.ts";
import { joiningText } from "../domain/plan-text.ts";
import type { Sidecar } from "../media/sidecar-key.ts";
import { keyWithoutExtension, sidecarsOf } from "../media/sidecar-key.ts";
import type { Presentation, WrittenText } from "../packaging/presentation.ts";
import { writtenBytes } from "../packaging/text-playlist.ts";
import type { SourceStore } from "./ports.ts";
import { fetchText, placeFile } from "./text-file.ts";

export interface SidecarsBeside {
  readonly written: readonly WrittenText[];
  /** Ids of renditions that could not be made. */
  readonly lost: readonly string[];
  /** What the listing showed: what it does not show came later. */
  readonly seen: ReadonlySet<string>;
}

/** A subtitles file beside a source, and which bytes of it. */
export interface ListedSidecar extends Sidecar {
  /** Unlike that of any other key or content. */
  readonly mark: string;
}

/** The texts of a film are held in memory until they are written: who may upload must not fill it. */
const MAX_FILES = 64;
const MAX_ALL_BYTES = 48 * 1024 * 1024;

/** Lists the subtitles beside a source. */
export async function listSidecars({ bucket, key }: SourceRef, sources: SourceStore, signal: AbortSignal): Promise<ListedSidecar[]> {
  const listed = await sources.list({ bucket, prefix: `${keyWithoutExtension(key)}.` }, signal);
  const keys = [key, ...listed.map((object) => object.key)];
  const etags = new Map(listed.map((object) => [object.key, object.etag]));
  return sidecarsOf(key, keys).map((sidecar) => ({ ...sidecar, mark: `${sidecar.key}\n${etags.get(sidecar.key) ?? ""}` }));
}

/** Reads the subtitles beside a source. One that cannot be read is lost; only an abort makes it fail. */
export async function readSidecars(
  source: SourceRef,
  { plan }: Presentation,
  from: { sources: SourceStore; folder: string; signal: AbortSignal },
): Promise<SidecarsBeside> {
  const { sources, folder, signal } = from;
  const listed = await survive(listSidecars(source, sources, signal), signal);
  if (!listed) return { written: [], lost: ["sidecars"], seen: new Set() };
  const written: WrittenText[] = [];
  const lost: string[] = [];
  const renditions: TextRendition[] = [...plan.text];
  let leftBytes = MAX_ALL_BYTES;
  for (const [index, { key, track }] of listed.entries()) {
    const rendition = joiningText(track, renditions);
    renditions.push(rendition);
    const read = async (): Promise<WrittenText> => {
      const file = await fetchText({ bucket: source.bucket, key }, join(folder, `${index}.txt`), { sources, signal });
      return { rendition, cues: placeFile(file, plan), sourceHash: file.sourceHash };
    };
    const text = index < MAX_FILES ? await survive(read(), signal) : undefined;
    leftBytes -= text ? writtenBytes(text.cues, plan.timeline) : 0;
    if (text && leftBytes >= 0) written.push(text);
    else lost.push(rendition.id);
  }
  return { written, lost, seen: new Set(listed.map(({ mark }) => mark)) };
}

/** A film is published without its subtitles rather than not at all: undefined for what fails, unless it is by an abort. */
export async function survive<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  try {
    return await work;
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}
