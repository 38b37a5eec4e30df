import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { targetDuration } from "./bandwidth.ts";
import { manifest } from "./dash.ts";
import { I_FRAME_PLAYLIST, MEDIA_PLAYLIST, iFramePlaylist, mediaPlaylist, textPlaylist } from "./hls.ts";
import { multivariantPlaylist } from "./multivariant.ts";
import type { Presentation, WrittenText } from "./presentation.ts";
import { textFiles } from "./text-playlist.ts";
import { STORYBOARD_INDEX, storyboardIndex } from "./storyboard.ts";

/** The texts that the asset's pointers will hold. */
export interface Manifests {
  readonly hls: string;
  readonly dash: string;
}

/** Every text of the revision by its path inside it: media and I-frame playlists, WebVTT, the storyboard's index. */
export function renderPlaylists(presentation: Presentation): ReadonlyMap<string, string> {
  const { plan, video, audio, text, storyboard } = presentation;
  const target = targetOf(presentation);
  return new Map([
    ...[...video, ...audio].map(
      ({ rendition, facts }) => [`${rendition.id}/${MEDIA_PLAYLIST}`, mediaPlaylist(facts, target, plan.encryption)] as const,
    ),
    ...video.map(({ rendition, facts }) => [`${rendition.id}/${I_FRAME_PLAYLIST}`, iFramePlaylist(facts, plan.encryption)] as const),
    ...text.flatMap((entry) => [...textObjects(entry, presentation)]),
    ...(storyboard ? [[STORYBOARD_INDEX, storyboardIndex(storyboard, plan.timeline.durationSeconds)] as const] : []),
  ]);
}

const targetOf = ({ video, audio }: Presentation): number => targetDuration([...video, ...audio].map(({ facts }) => facts));

/** Every text of one text rendition by its path inside the revision. */
export function textObjects(entry: WrittenText, presentation: Presentation): ReadonlyMap<string, string> {
  const { timeline } = presentation.plan;
  const files = new Map([...textFiles(entry, timeline), [MEDIA_PLAYLIST, textPlaylist(timeline, targetOf(presentation))]]);
  return new Map([...files].map(([name, content]) => [`${entry.rendition.id}/${name}`, content]));
}

/** Multivariant playlist and MPD whose URIs begin with `base` ("r/<revision>/"). */
export const renderManifests = (presentation: Presentation, base: string): Manifests => ({
  hls: multivariantPlaylist(presentation, base),
  dash: manifest(presentation, base),
});

/** Writes the playlists beside the segments they name. */
export async function writePlaylists(outDir: string, playlists: ReadonlyMap<string, string>): Promise<void> {
  for (const [path, text] of playlists) {
    await mkdir(dirname(join(outDir, path)), { recursive: true });
    await writeFile(join(outDir, path), text);
  }
}
