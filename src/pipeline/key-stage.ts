import type { LadderEncryption } from "../domain/encryption.ts";
import type { StageRun } from "./deps.ts";

/** The stage run with the key that this attempt protects its output with. Throws KeyUnavailableError: nothing is encoded without it. */
export async function keyStage(
  { keySource, scheme }: LadderEncryption,
  target: { readonly assetPath: string; readonly revision: string },
  stageRun: StageRun,
): Promise<StageRun> {
  return { ...stageRun, key: await stageRun.deps.findKey(keySource, { ...target, scheme }, stageRun.signal) };
}
