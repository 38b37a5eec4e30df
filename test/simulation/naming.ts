import { assetKeys } from "../../src/domain/output-layout.ts";
import { parseAssetRecord } from "../../src/publish/asset-record.ts";
import { revisionOf } from "../../src/publish/sweep-plan.ts";
import { parseClaim } from "../../src/state/claim-record.ts";
import type { ModelBucket } from "./model-bucket.ts";
import { revisionsShown } from "./viewer.ts";

export interface Buckets {
  readonly published: ModelBucket;
  readonly state: ModelBucket;
}

/** Whether asset.json, a pointer or the former revision of asset.json is this one. */
export function isNamed({ objects }: ModelBucket, { assetPath, revision }: { assetPath: string; revision: string }): boolean {
  const previous = parseAssetRecord(objects.get(assetKeys(assetPath).record)?.text ?? "")?.previous;
  return previous === revision || revisionsShown(objects, assetPath).some((shown) => shown.revision === revision);
}

/** When the claims were written that leave this revision to the next attempt. */
export const leftAtMs = ({ objects }: ModelBucket, revision: string): number[] =>
  [...objects.values()].flatMap(({ text = "", writtenAtMs }) => (parseClaim(text)?.left?.revision === revision ? [writtenAtMs] : []));

/** A revision in the bucket that nothing names. */
export function nobodysRevision({ published, state }: Buckets): string | undefined {
  const found = [...published.objects.keys()].flatMap((key) => revisionOf(key) ?? []);
  return found.find((one) => !isNamed(published, one) && leftAtMs(state, one.revision).length === 0)?.revision;
}
