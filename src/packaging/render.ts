import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Timeline } from "../domain/timeline.ts";
import { targetDuration } from "./bandwidth.ts";
import { manifest } from "./dash.ts";
import { I_FRAME_PLAYLIST, MEDIA_PLAYLIST, iFramePlaylist, mediaPlaylist, textPlaylist } from "./hls.ts";
import { keyPlaylists } from "./key-playlists.ts";
import { multivariantPlaylist } from "./multivariant.ts";
import type { Presentation, WrittenText } from "./presentation.ts";
import { textFiles, textSegments } from "./text-playlist.ts";
import { STORYBOARD_INDEX, storyboardIndex } from "./storyboard.ts";
import { TRANSPORT_ORIGIN_SECONDS } from "./transport.ts";
import { TRANSPORT_TEXT, transportMaster, transportPlaylists } from "./transport-playlists.ts";

/** The texts that the asset's pointers will hold. */
export interface Manifests {
  readonly hls: string;
  readonly dash: string;
  /** Of further addresses of the asset, by their names beside the pointers. */
  readonly others?: ReadonlyMap<string, string>;
}

/** Every text of the revision by its path inside it: media and I-frame playlists, WebVTT, the storyboard's index. */
export function renderPlaylists(presentation: Presentation): ReadonlyMap<string, string> {
  const { plan, video, audio, text, storyboard, transport } = presentation;
  const target = targetOf(presentation);
  return new Map([
    ...[...video, ...audio].map(
      ({ rendition, facts }) => [`${rendition.id}/${MEDIA_PLAYLIST}`, mediaPlaylist(facts, target, plan.encryption)] as const,
    ),
    ...video.map(({ rendition, facts }) => [`${rendition.id}/${I_FRAME_PLAYLIST}`, iFramePlaylist(facts, plan.encryption)] as const),
    ...text.flatMap((entry) => [...textObjects(entry, presentation)]),
    ...(transport ? transportPlaylists(transport) : []),
    ...(storyboard ? [[STORYBOARD_INDEX, storyboardIndex(storyboard, plan.timeline.durationSeconds)] as const] : []),
  ]);
}

const targetOf = ({ video, audio }: Presentation): number => targetDuration([...video, ...audio].map(({ facts }) => facts));

/** Every text of one text rendition by its path inside the revision. */
export function textObjects(entry: WrittenText, presentation: Presentation): ReadonlyMap<string, string> {
  const { timeline } = presentation.plan;
  const target = targetOf(presentation);
  const files = new Map([
    ...textFiles(entry, timeline),
    [MEDIA_PLAYLIST, textPlaylist(timeline, target)],
    ...(presentation.transport ? transportText(entry, timeline, target) : []),
  ]);
  return new Map([...files].map(([name, content]) => [`${entry.rendition.id}/${name}`, content]));
}

/** The same cues by the clock of MPEG-TS. */
const transportText = (entry: WrittenText, timeline: Timeline, target: number): readonly (readonly [string, string])[] => [
  ...[...textSegments(entry, timeline, TRANSPORT_ORIGIN_SECONDS)].map(([name, text]) => [TRANSPORT_TEXT_FOLDER + name, text] as const),
  [TRANSPORT_TEXT, textPlaylist(timeline, target, TRANSPORT_TEXT_FOLDER)],
];

const TRANSPORT_TEXT_FOLDER = "transport/";

/** Multivariant playlist and MPD whose URIs begin with `base` ("r/<revision>/"); with the layout of Elastic Transcoder HLS is MPEG-TS. */
export function renderManifests(presentation: Presentation, base: string): Manifests {
  const { transport } = presentation;
  const dash = manifest(presentation, base);
  if (!transport) return { hls: multivariantPlaylist(presentation, base), dash };
  return {
    hls: transportMaster(presentation, transport, base),
    dash,
    others: keyPlaylists(transport.keys, { texts: transportPlaylists(transport), base }),
  };
}

/** Writes the playlists beside the segments they name. */
export async function writePlaylists(outDir: string, playlists: ReadonlyMap<string, string>): Promise<void> {
  for (const [path, text] of playlists) {
    await mkdir(dirname(join(outDir, path)), { recursive: true });
    await writeFile(join(outDir, path), text);
  }
}
