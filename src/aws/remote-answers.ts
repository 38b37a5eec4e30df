import type { RemoteEngineName, Unsupported } from "../engines/remote.ts";
import { RemoteEngineError } from "../engines/remote.ts";

/** The error of an engine that answers and takes no jobs: somebody must mend it. */
export const unavailable = (engine: RemoteEngineName, message: string): RemoteEngineError =>
  new RemoteEngineError(message, { engine, failureClass: "role" });

/** The error of a request that the engine's words have no room for. */
export const rejected = (engine: RemoteEngineName, reasons: readonly Unsupported[]): RemoteEngineError =>
  new RemoteEngineError(`${engine} cannot do this plan: ${reasons.map(({ reason }) => reason).join("; ")}`, {
    engine,
    failureClass: "source",
    facts: { unsupported: reasons.map(({ kind }) => kind) },
  });

/** The id of the job that a submit made. Throws when the answer lacks it, although there may be a job. */
export function answered(engine: RemoteEngineName, id: string | undefined): string {
  if (id !== undefined && id !== "") return id;
  throw new RemoteEngineError(`${engine} took a job without saying its id`, { engine, failureClass: "service", unclear: true });
}

/** Whether a job could not be cancelled because it had ended, or is gone. */
export const isOver = (status: number | undefined): boolean => status === 404 || status === 409;
