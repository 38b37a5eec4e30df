import { ShutdownError } from "../domain/errors.ts";
import { STOP_SIGNALS } from "../lifecycle/signals.ts";

/** Runs `act` with a signal that the first Ctrl-C aborts; the second one ends the process as if nobody listened. */
export async function interruptible<T>(act: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const dispose = (): void => {
    for (const signal of STOP_SIGNALS) process.off(signal, onSignal);
  };
  const onSignal = (): void => {
    dispose();
    controller.abort(new ShutdownError("interrupted"));
  };
  for (const signal of STOP_SIGNALS) process.on(signal, onSignal);
  try {
    return await act(controller.signal);
  } finally {
    dispose();
  }
}
