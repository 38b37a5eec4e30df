import { dirname, join } from "node:path/posix";
import { OutputError } from "../domain/errors.ts";
import { revisionBase } from "../domain/output-layout.ts";
import type { ObjectStore } from "../pipeline/ports.ts";
import type { AssetRecord } from "./asset-record.ts";
import { forAll } from "./revision-objects.ts";

const CONCURRENCY = 8;

/**
 * Every rendition of the record has its playlist in the store, and every object that a playlist names is there: a lifecycle
 * rule or a hand may have removed some since. Throws OutputError output_incomplete.
 */
export async function requireWhole(
  store: ObjectStore,
  { assetPath, revision, renditions, text = [] }: AssetRecord,
  signal: AbortSignal,
): Promise<void> {
  const prefix = `${assetPath}/${revisionBase(revision)}`;
  const names = new Set((await store.list(prefix, signal)).map(({ key }) => key.slice(prefix.length)));
  const playlists = [...names].filter((name) => name.endsWith(".m3u8") && name.includes("/"));
  const missing = new Set([...renditions, ...text].map(({ id }) => `${id}/index.m3u8`).filter((name) => !names.has(name)));
  await forAll(playlists, CONCURRENCY, async (name) => {
    const stored = await store.readText(prefix + name, signal);
    for (const uri of namedBy(stored?.text ?? "")) {
      const object = join(dirname(name), uri);
      if (!names.has(object)) missing.add(object);
    }
  });
  if (missing.size === 0) return;
  throw new OutputError(
    "output_incomplete",
    `${missing.size} objects of revision ${revision} of ${assetPath} are gone; nothing was changed`,
    {
      facts: { objects: [...missing].slice(0, 20) },
    },
  );
}

/** The segments and the init section of a media playlist, as URIs relative to it. */
function namedBy(playlist: string): readonly string[] {
  const lines = playlist.split("\n");
  const segments = lines.filter((line) => line.trim() !== "" && !line.startsWith("#"));
  const inits = lines.flatMap((line) => /^#EXT-X-MAP:.*URI="([^"]+)"/.exec(line)?.[1] ?? []);
  return [...segments, ...inits].map((uri) => decodeURIComponent(uri.trim()));
}
