/** The public names of an asset (ARCHITECTURE.md, published objects); everything under `r/` is immutable. */
export const ASSET_RECORD = "asset.json";
export const HLS_POINTER = "index.m3u8";
export const DASH_POINTER = "index.mpd";

/** Keys of one published asset in the bucket. */
export interface AssetKeys {
  readonly record: string;
  readonly hls: string;
  readonly dash: string;
}

/** The keys of the truth and the two pointers of an asset. */
export const assetKeys = (assetPath: string): AssetKeys => ({
  record: `${assetPath}/${ASSET_RECORD}`,
  hls: `${assetPath}/${HLS_POINTER}`,
  dash: `${assetPath}/${DASH_POINTER}`,
});

/** The folder of a revision relative to its asset: what the pointers' URIs begin with. */
export const revisionBase = (revision: string): string => `r/${revision}/`;

/** Copies of the pointers' texts (and of asset.json, under its own name) inside their revision: a lost pointer is written again from them, and a rollback reads them. */
export const POINTER_COPIES = { hls: "pointer.m3u8", dash: "pointer.mpd" } as const;

/** What a revision's manifests were written from, inside it: a revision with another text track is written from it again. */
export const PRESENTATION = "presentation.json";

/** A name no other attempt has: when it began, and chance. Sorts by time. */
export function newRevision(now: Date, randomHex: string): string {
  const stamp = now.toISOString().replaceAll(/[-:]|\.\d+Z$/g, "");
  return `${stamp}-${randomHex}`;
}
