import type { Consumers } from "./consumers.ts";

/** Two sets of receive loops, where there are two, that live and end together; health is judged by the first. */
export function joinConsumers(jobs: Consumers, events: Consumers | undefined): Consumers {
  if (!events) return jobs;
  return {
    drain: async () => void (await Promise.all([jobs.drain(), events.drain()])),
    abortPolls: () => {
      jobs.abortPolls();
      events.abortPolls();
    },
    cancel: (reason) => {
      jobs.cancel(reason);
      events.cancel(reason);
    },
    running: () => jobs.running() + events.running(),
    lastPollAt: () => jobs.lastPollAt(),
  };
}
