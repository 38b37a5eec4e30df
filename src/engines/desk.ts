import type { EngineName } from "../domain/job.ts";
import type { Circuit, CircuitSettings, ToldBy } from "./circuit.ts";
import { admit, CLOSED, failed, finished, took } from "./circuit.ts";
import type { FailureClass } from "./failure-class.ts";
import type { Unsupported } from "./remote.ts";
import type { Choice, Wishes } from "./select.ts";
import { selectEngine } from "./select.ts";

/** Chooses engines by what became of the jobs before; one for a worker. */
export interface EngineDesk {
  /** The first healthy engine of the order that can do the job. Only of the one that is chosen the circuit moves. */
  choose(unsupported: (engine: EngineName) => readonly Unsupported[], wishes: Wishes): Choice;
  /** Takes note that an engine took a job. */
  took(engine: EngineName): void;
  /** Takes note that a job came out of an engine as it should. */
  finished(engine: EngineName): void;
  /** Takes note of how an engine failed, by its answer when nothing else is said. */
  failed(engine: EngineName, cause: FailureClass, by?: ToldBy): void;
  /** The managed engines of the order, with their circuits. */
  circuits(): ReadonlyMap<EngineName, Circuit["kind"]>;
}

export interface EngineDeskOptions {
  readonly order: readonly EngineName[];
  readonly settings: CircuitSettings;
  /** Monotonic milliseconds. */
  readonly nowMs?: () => number;
}

/** A desk where every circuit is closed. ffmpeg has none: what it fails at says nothing of the next job. */
export function createEngineDesk({ order, settings, nowMs = () => performance.now() }: EngineDeskOptions): EngineDesk {
  const managed = order.filter((name) => name !== "ffmpeg");
  const circuits = new Map<EngineName, Circuit>(managed.map((name) => [name, CLOSED]));
  const circuitOf = (name: EngineName): Circuit => circuits.get(name) ?? CLOSED;
  const move = (name: EngineName, next: (circuit: Circuit) => Circuit): void => {
    if (circuits.has(name)) circuits.set(name, next(circuitOf(name)));
  };
  return {
    choose: (unsupported, wishes) => {
      const admissions = order.map((name) => ({ name, ...admit(circuitOf(name), settings, nowMs()) }));
      const choice = selectEngine(
        admissions.map(({ name, admission }) => ({ name, admission, unsupported: unsupported(name) })),
        wishes,
      );
      const chosen = admissions.find(({ name }) => name === choice.engine && circuits.has(name));
      if (chosen) circuits.set(chosen.name, chosen.circuit);
      return choice;
    },
    took: (name) => move(name, (circuit) => took(circuit, settings, nowMs())),
    finished: (name) => move(name, finished),
    failed: (name, cause, by = "answer") => move(name, (circuit) => failed(circuit, { cause, by }, { settings, nowMs: nowMs() })),
    circuits: () => new Map(managed.map((name) => [name, circuitOf(name).kind])),
  };
}
