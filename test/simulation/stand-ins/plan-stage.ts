import type { planStage as original } from "../../../src/pipeline/plan-stage.ts";
import { aPlan } from "../../helpers/plans.ts";

/** So few bits that a segment is a kilobyte: the files are written for real. */
const CAP_BPS = 8000;

/** The plan of the source, without looking at its pictures. */
export const planStage: typeof original = async ({ source, ladder }, { signal }) => {
  signal.throwIfAborted();
  const plan = aPlan(source, ladder);
  return { ...plan, video: plan.video.map((rendition) => ({ ...rendition, capBps: CAP_BPS })) };
};
