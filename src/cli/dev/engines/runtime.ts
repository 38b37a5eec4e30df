import type { Courier, JobEventMessage } from "./courier.ts";
import { createCourier } from "./courier.ts";
import type { AwsPlace, Objects } from "./objects.ts";
import { openObjects } from "./objects.ts";
import type { Quota } from "./quota.ts";
import { createQuotas } from "./quota.ts";
import { ServiceError } from "./service-error.ts";
import type { Slots } from "./slots.ts";
import { createSlots } from "./slots.ts";
import type { Switches } from "./switches.ts";
import { noFaults, refuse } from "./switches.ts";
import type { EncodingTools } from "./tools.ts";
import type { Workshop } from "./workshop.ts";
import { openWorkshop } from "./workshop.ts";

/** What every embedded engine may be told. */
export interface EngineOptions {
  /** Where S3, SQS and SNS are. */
  readonly aws: AwsPlace;
  readonly tools: EncodingTools;
  /** Jobs that work at once; the others stay in the state they were submitted in. */
  readonly concurrentJobs?: number;
  /** By operation; none is limited when absent. */
  readonly quotas?: Readonly<Record<string, Quota>>;
  /** Jobs that differ only in input and destination get the outputs of the first, instead of an encode. */
  readonly fast?: boolean;
  readonly now?: () => number;
  /** 0 or absent: any free one. */
  readonly port?: number;
}

export interface RuntimeOptions<ErrorName extends string> extends EngineOptions {
  readonly send: (event: JobEventMessage) => Promise<void>;
  readonly statuses: Readonly<Record<ErrorName, number>>;
  /** What a call beyond its quota gets. */
  readonly throttled: ErrorName;
}

/** An operation that was called, refused or not. */
export interface TimedCall {
  readonly operation: string;
  /** Monotonic. */
  readonly atMs: number;
}

/** What both services run their jobs with; disposing of it cancels all jobs and leaves nothing. */
export interface Runtime<Made, ErrorName extends string> extends AsyncDisposable {
  readonly tools: EncodingTools;
  readonly objects: Objects;
  readonly workshop: Workshop<Made>;
  readonly slots: Slots;
  readonly courier: Courier;
  readonly switches: Switches<ErrorName>;
  readonly now: () => number;
  readonly calls: readonly TimedCall[];
  /** Counts a call, and throws what the switches or the quotas have for it. */
  before(operation: string): void;
  run(jobId: string, work: (signal: AbortSignal) => Promise<void>): void;
  cancel(jobId: string): void;
}

const ALL_AT_ONCE = 1000;

/** Opens it. */
export async function openRuntime<Made, ErrorName extends string>(options: RuntimeOptions<ErrorName>): Promise<Runtime<Made, ErrorName>> {
  const { aws, tools, send, statuses, throttled, fast = false, now = Date.now } = options;
  await using undo = new AsyncDisposableStack();
  const switches = noFaults<ErrorName>();
  const objects = openObjects(aws);
  undo.defer(async () => objects.close());
  const courier = createCourier({ faults: () => switches.events, send });
  undo.defer(() => courier.close());
  const workshop = undo.use(await openWorkshop<Made>({ fast }));
  const running = new Map<string, { readonly controller: AbortController; readonly done: Promise<void> }>();
  undo.defer(async () => {
    for (const { controller } of running.values()) controller.abort();
    await Promise.all([...running.values()].map(({ done }) => done));
  });
  const quotas = createQuotas(options.quotas ?? {}, now);
  const calls: TimedCall[] = [];
  const resources = undo.move();
  return {
    ...{ tools, objects, workshop, courier, switches, now, calls },
    slots: createSlots(options.concurrentJobs ?? (fast ? ALL_AT_ONCE : 2)),
    before: (operation) => {
      calls.push({ operation, atMs: performance.now() });
      refuse(switches, operation, statuses);
      if (!quotas.take(operation)) throw new ServiceError({ name: throttled, status: statuses[throttled], message: "Rate exceeded" });
    },
    run: (jobId, work) => {
      const controller = new AbortController();
      const done = work(controller.signal).finally(() => running.delete(jobId));
      running.set(jobId, { controller, done });
    },
    cancel: (jobId) => running.get(jobId)?.controller.abort(),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
