import type { EncodePlan } from "../../domain/encode-plan.ts";
import { audioChains } from "./audio-filters.ts";
import { videoChains } from "./video-filters.ts";

/**
 * The whole filter graph: one decode, a cascade of scalers from the largest rendition down (each reads the one above:
 * MEDIA.md measured this against one scaler per rung), one chain per audio rendition.
 */
export function filterGraph(plan: EncodePlan): readonly string[] {
  return [...videoChains(plan), ...audioChains(plan)];
}
