import { setTimeout as sleep } from "node:timers/promises";
import type { EventFaults } from "./switches.ts";

/** One event of one job. */
export interface JobEventMessage {
  readonly jobId: string;
  /** As the service spells it. */
  readonly state: string;
  /** Nothing comes after it. */
  readonly isFinal: boolean;
  readonly body: string;
  readonly subject?: string;
  /** Where it goes, when not all events of the service go to the same place. */
  readonly destination?: string | undefined;
}

/** Carries events where they go, with whatever befalls them on the way. */
export interface Courier {
  carry(event: JobEventMessage): void;
  /** Resolves when everything under way has arrived or been dropped. */
  close(): Promise<void>;
}

export interface CourierOptions {
  readonly faults: () => EventFaults;
  readonly send: (event: JobEventMessage) => Promise<void>;
}

/** Sends the events of each job one after the other; different jobs do not wait for each other. */
export function createCourier({ faults, send }: CourierOptions): Courier {
  const chains = new Map<string, Promise<void>>();
  const held = new Map<string, JobEventMessage[]>();
  const stop = new AbortController();
  const deliver = async (event: JobEventMessage): Promise<void> => {
    const { lose = [], double = false, delayMs = 0 } = faults();
    if (lose === "all" || lose.includes(event.state)) return;
    if (delayMs > 0) await sleep(delayMs, undefined, { signal: stop.signal });
    for (let copies = double ? 2 : 1; copies > 0; copies -= 1) await send(event);
  };
  const queue = (event: JobEventMessage): void => {
    const chain = (chains.get(event.jobId) ?? Promise.resolve()).then(() => deliver(event));
    const settled = chain.catch((error: unknown) => (stop.signal.aborted ? undefined : process.emitWarning(String(error))));
    chains.set(event.jobId, settled);
    void settled.then(() => (chains.get(event.jobId) === settled ? chains.delete(event.jobId) : undefined));
  };
  return {
    carry: (event) => {
      const waiting = held.get(event.jobId) ?? [];
      if (faults().reorder !== true && waiting.length === 0) return queue(event);
      held.set(event.jobId, [event, ...waiting]);
      if (!event.isFinal) return;
      held.delete(event.jobId);
      for (const late of [event, ...waiting]) queue(late);
    },
    close: async () => {
      stop.abort();
      await Promise.all(chains.values());
    },
  };
}
