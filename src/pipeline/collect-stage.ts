import type { EncodePlan } from "../domain/encode-plan.ts";
import { collectRenditions, isOfService, MULTIVARIANT } from "../engines/mediaconvert/outputs.ts";
import { madePlan } from "../engines/mediaconvert/rungs.ts";
import { placeCmaf } from "../packaging/place-cmaf.ts";
import type { ServiceRun } from "./service-objects.ts";
import { bringOfService, listOfService, readOfService } from "./service-objects.ts";

/** Where a service wrote, and what it was asked for. */
export interface CollectRequest {
  readonly plan: EncodePlan;
  /** Of the revision: "<assetPath>/r/<revision>/". */
  readonly prefix: string;
  readonly outDir: string;
}

/** What lies on disk now. */
export interface Collected {
  /** With the pictures that the service made, which may be its own choice. */
  readonly plan: EncodePlan;
  /** The service's name of each file by ours. */
  readonly renamed: ReadonlyMap<string, string>;
}

/**
 * Brings what MediaConvert wrote to disk, in the layout of what is encoded here, to be measured like that. What an attempt
 * before this one had added to the revision goes. Throws OutputError output_incomplete, ResourceError disk_full and the store's
 * JobErrors.
 */
export async function collectStage({ plan: asked, prefix, outDir }: CollectRequest, run: ServiceRun): Promise<Collected> {
  const sizes = await listOfService({ prefix, isOfService }, run);
  const multivariant = await readOfService([MULTIVARIANT], { prefix, sizes }, run);
  const { plan, playlists } = madePlan(asked, multivariant.get(MULTIVARIANT));
  const names = playlists.map(({ playlist }) => playlist);
  const texts = new Map([...multivariant, ...(await readOfService(names, { prefix, sizes }, run))]);
  const placed = placeCmaf(collectRenditions(playlists, { sizes, texts }));
  await bringOfService(placed, { prefix, sizes, outDir }, run);
  return { plan, renamed: placed };
}
