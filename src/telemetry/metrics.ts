import type { Counter } from "prom-client";

import type { ErrorCode } from "../domain/errors.ts";
import { LASTING_CODES } from "../domain/errors.ts";
import type { EngineName, MessageShape } from "../domain/job.ts";
import { MESSAGE_SHAPES } from "../domain/job.ts";
import type { Circuit } from "../engines/circuit.ts";
import { CIRCUIT_STATES } from "../engines/circuit.ts";
import type { InstanceIdentity } from "../lifecycle/identity.ts";
import type { QueueDepth } from "../lifecycle/watch-depths.ts";
import { FFMPEG_EXITS } from "../engines/ffmpeg/exit-class.ts";
import { VERIFICATION_CHECKS } from "../packaging/verify.ts";
import type { JobEvent, Outcome } from "../pipeline/ports.ts";
import { OUTCOMES, PUBLISHED_SETS, STAGES } from "../pipeline/ports.ts";
import { createJobMetrics } from "./job-metrics.ts";
import * as labels from "./metric-labels.ts";
import type { MetricSet } from "./metric-set.ts";
import { createMetricSet, PREFIX } from "./metric-set.ts";

/** What a scrape asks for at that moment; a source left out exports nothing. */
export interface GaugeSources {
  readonly diskFreeBytes?: () => number | Promise<number>;
  readonly workDirBytes?: () => number | Promise<number>;
  /** Undefined while no job runs. */
  readonly leaseRemainingSeconds?: () => number | undefined;
  readonly consumerState?: () => labels.ConsumerState;
  readonly ffmpegChildren?: () => number;
  readonly circuits?: () => ReadonlyMap<EngineName, Circuit["kind"]>;
}

/** Everything that counts. All labels come from closed lists: the number of series does not grow with jobs (R-O2). */
export interface Metrics {
  observeEvent(event: JobEvent): void;
  messageReceived(message: { readonly shape: MessageShape; readonly receiveCount: number; readonly ageSeconds: number }): void;
  messageSettled(outcome: Outcome | "no_ack"): void;
  leaseExtended(result: labels.ExtensionResult): void;
  leaseLost(): void;
  pollSucceeded(): void;
  pollFailed(reason: labels.PollError): void;
  sandbox(enabled: boolean): void;
  /** What the intake pauses for; undefined: it is open. */
  intakeHeld(code: ErrorCode | undefined): void;
  awsRequest(request: labels.AwsRequest): void;
  deadLetterCopied(): void;
  /** Of a queue left out nothing is known any more. */
  queueDepths(depths: readonly QueueDepth[]): void;
  orphansDeleted(objects: number): void;
  interrupted(kind: labels.Interruption): void;
  drained(drain: { readonly seconds: number; readonly forced: boolean }): void;
  watch(sources: GaugeSources): void;
  /** What every series is worth now. */
  readings(): Promise<readonly Reading[]>;
  /** The exposition text and its content type. */
  readonly contentType: string;
  text(): Promise<string>;
}

/** One series: its name without the prefix, and its labels. */
export interface Reading {
  readonly name: string;
  readonly labels: Readonly<Partial<Record<string, string | number>>>;
  readonly value: number;
}

export interface MetricsOptions {
  readonly version: string;
  readonly build: string;
  readonly node: string;
  readonly ffmpeg: string;
  readonly configHash: string;
  /** Jobs that may run at a time; a function has no such number. */
  readonly slots?: number | undefined;
  /** Known on EC2 alone. */
  readonly instance?: InstanceIdentity | undefined;
}

/** Metrics in a registry of their own; every closed list is exported with zeros from the start, so that rates have a beginning. */
export function createMetrics(options: MetricsOptions): Metrics {
  const set = createMetricSet();
  describeSelf(set, options);
  startAtZero(set);
  const jobs = createJobMetrics(set);
  let sources: GaugeSources = {};
  return {
    observeEvent: jobs.observe,
    ...messageMetrics(set),
    intakeHeld: (held) => {
      for (const code of LASTING_CODES) set.intakeHeld.set({ code }, code === held ? 1 : 0);
    },
    sandbox: (enabled) => set.sandboxEnabled.set(enabled ? 1 : 0),
    awsRequest: ({ service, operation, result }) => {
      const known = labels.AWS_OPERATIONS[service].find((name) => name === operation) ?? "other";
      set.awsRequests.inc({ service, operation: known, result });
    },
    queueDepths: (depths) => {
      set.queueMessages.reset();
      for (const { queue, ...counts } of depths)
        for (const state of labels.MESSAGE_STATES) set.queueMessages.set({ queue, state }, counts[state]);
    },
    deadLetterCopied: () => set.deadLetterCopies.inc(),
    orphansDeleted: (objects) => set.orphansDeleted.inc(objects),
    interrupted: (kind) => set.interruptions.inc({ kind }),
    drained: ({ seconds, forced }) => {
      set.drainSeconds.set(seconds);
      set.drainForced.inc(forced ? 1 : 0);
    },
    watch: (given) => {
      sources = { ...sources, ...given };
    },
    readings: async () => {
      await readSources(set, sources);
      const all = await set.registry.getMetricsAsJSON();
      return all.flatMap(({ name, values }) =>
        values.map(({ labels: of, value }) => ({ name: name.slice(PREFIX.length), labels: of, value })),
      );
    },
    contentType: set.registry.contentType,
    text: async () => {
      await readSources(set, sources);
      return set.registry.metrics();
    },
  };
}

function describeSelf(set: MetricSet, { version, build, node, ffmpeg, configHash, slots, instance }: MetricsOptions): void {
  set.buildInfo.set({ version, build, node, ffmpeg }, 1);
  set.configHash.set({ hash: configHash }, 1);
  if (slots !== undefined) set.slots.set(slots);
  if (instance) set.instance.set({ instance_id: instance.instanceId, instance_type: instance.instanceType, zone: instance.zone }, 1);
}

type MessageMetrics = Pick<Metrics, "messageReceived" | "messageSettled" | "leaseExtended" | "leaseLost" | "pollSucceeded" | "pollFailed">;

function messageMetrics(set: MetricSet): MessageMetrics {
  return {
    messageReceived: ({ shape, receiveCount, ageSeconds }) => {
      set.received.inc({ shape });
      set.receiveCount.observe(receiveCount);
      set.messageAge.observe(Math.max(0, ageSeconds));
    },
    messageSettled: (outcome) => set.settled.inc({ outcome }),
    leaseExtended: (result) => set.leaseExtensions.inc({ result }),
    leaseLost: () => set.leaseLost.inc(),
    pollSucceeded: () => set.lastPoll.setToCurrentTime(),
    pollFailed: (reason) => set.pollErrors.inc({ class: reason }),
  };
}

async function readSources(
  set: MetricSet,
  { diskFreeBytes, workDirBytes, leaseRemainingSeconds, consumerState, ffmpegChildren, circuits }: GaugeSources,
): Promise<void> {
  const state = consumerState?.();
  for (const name of state ? labels.CONSUMER_STATES : []) set.consumerState.set({ state: name }, name === state ? 1 : 0);
  readCircuits(set, circuits);
  const remaining = leaseRemainingSeconds?.();
  if (remaining === undefined) set.leaseRemaining.remove();
  else set.leaseRemaining.set(remaining);
  if (ffmpegChildren) set.ffmpegChildren.set(ffmpegChildren());
  if (diskFreeBytes) set.diskFree.set(await diskFreeBytes());
  if (workDirBytes) set.workDirBytes.set(await workDirBytes());
}

function readCircuits(set: MetricSet, circuits: GaugeSources["circuits"]): void {
  for (const [engine, kind] of circuits?.() ?? [])
    for (const state of CIRCUIT_STATES) set.circuit.set({ engine, state }, state === kind ? 1 : 0);
}

function startAtZero(set: MetricSet): void {
  const zero = <L extends string>(counter: Counter<L>, rows: readonly Readonly<Partial<Record<L, string>>>[]): void => {
    for (const row of rows) counter.inc(row, 0);
  };
  zero(
    set.received,
    MESSAGE_SHAPES.map((shape) => ({ shape })),
  );
  zero(
    set.settled,
    [...OUTCOMES, "no_ack" as const].map((outcome) => ({ outcome })),
  );
  zero(
    set.leaseExtensions,
    labels.EXTENSION_RESULTS.map((result) => ({ result })),
  );
  zero(
    set.pollErrors,
    labels.POLL_ERRORS.map((reason) => ({ class: reason })),
  );
  zero(
    set.awsRequests,
    labels.AWS_SERVICES.flatMap((service) => labels.AWS_OPERATIONS[service].map((operation) => ({ service, operation, result: "ok" }))),
  );
  zero(
    set.interruptions,
    labels.INTERRUPTIONS.map((kind) => ({ kind })),
  );
  zero(
    set.ffmpegExits,
    FFMPEG_EXITS.map((how) => ({ class: how })),
  );
  zero(
    set.verificationFailures,
    VERIFICATION_CHECKS.map((check) => ({ check })),
  );
  zero(
    set.s3Bytes,
    labels.DIRECTIONS.map((direction) => ({ direction })),
  );
  zero(
    set.published,
    labels.PUBLISH_RESULTS.map((result) => ({ result })),
  );
  zero(
    set.publishedSets,
    PUBLISHED_SETS.map((kind) => ({ kind })),
  );
  for (const code of LASTING_CODES) set.intakeHeld.set({ code }, 0);
  for (const phase of STAGES) set.jobsInProgress.set({ phase }, 0);
}
