import type { picturesStage as original } from "../../../src/pipeline/pictures-stage.ts";

/** An asset without pictures. */
export const picturesStage: typeof original = async (presentation, _outDir, { signal }) => {
  signal.throwIfAborted();
  return presentation;
};
