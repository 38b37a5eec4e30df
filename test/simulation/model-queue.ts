import { LeaseLostError } from "../../src/domain/errors.ts";
import type { Quarantined, Queue, QueueFacts, QueueMessage } from "../../src/queue/queue.ts";
import { nameOf, send } from "./requests.ts";
import type { Life } from "./scheduler.ts";
import type { World } from "./world.ts";
import { lives, strikes } from "./world.ts";

export interface ModelMessage {
  readonly id: string;
  readonly body: string;
  readonly sentAtMs: number;
  receiveCount: number;
  visibleAtMs: number;
  isDeleted: boolean;
  /** Until when each receipt handle that was given out is a lease. */
  readonly leases: Map<string, number>;
}

export interface ModelQueue {
  readonly queue: Queue;
  /** Every message that was ever sent. */
  readonly messages: readonly ModelMessage[];
  readonly deadLetters: readonly Quarantined[];
  /** Messages that the queue itself moved there, after too many receives. */
  readonly redriven: readonly ModelMessage[];
  send(body: string): ModelMessage;
  /** A long poll: resolves with a message, or without one after its wait. */
  receive(): Promise<QueueMessage | undefined>;
  /** Whether nobody else could have been given the message under that receipt handle yet. */
  holds(handle: string): boolean;
}

export interface QueueOptions {
  readonly visibilitySeconds: number;
  readonly maxReceiveCount: number;
  /** Told of a message that is deleted, at the moment when it happens. */
  readonly onDelete: (message: ModelMessage) => void;
}

interface Waiter {
  readonly life: Life | undefined;
  readonly resolve: (message: QueueMessage | undefined) => void;
}

/** The fault that is none: the queue promises no more than at least once. */
export const DOUBLE_DELIVERY = "double delivery";

/** A tenth of the daemon's, as the leases are. */
const WAIT_MS = 2000;
/** A receive is answered as fast as any request; it is the process that may be slow to take the answer. */
const ANSWER_MS = 40;

/** A standard queue: at least once, in any order, each message hidden from its receive until its visibility ends. */
export function createModelQueue(world: World, options: QueueOptions): ModelQueue {
  const { scheduler, random, weather, note } = world;
  const messages: ModelMessage[] = [];
  const deadLetters: Quarantined[] = [];
  const redriven: ModelMessage[] = [];
  const waiters = new Set<Waiter>();
  let handles = 0;
  const isWaiting = (message: ModelMessage): boolean => !message.isDeleted && message.visibleAtMs <= scheduler.now();
  const hide = (message: ModelMessage, seconds: number): void => {
    message.visibleAtMs = scheduler.now() + seconds * 1000;
    scheduler.after(seconds * 1000, { label: `${message.id} is visible`, act: handOut });
  };
  const give = (message: ModelMessage, { life, resolve }: Waiter): void => {
    message.receiveCount += 1;
    if (message.receiveCount > options.maxReceiveCount) {
      message.isDeleted = true;
      redriven.push(message);
      return resolve(undefined);
    }
    handles += 1;
    const receiptHandle = `${message.id}#${handles}`;
    message.leases.set(receiptHandle, scheduler.now() + options.visibilitySeconds * 1000);
    note(`${nameOf(life)} is given ${receiptHandle}`);
    if (strikes(world, weather.doubleDelivery)) world.faults.push(`${DOUBLE_DELIVERY} of ${message.id}`);
    else hide(message, options.visibilitySeconds);
    const received = {
      messageId: message.id,
      receiptHandle,
      body: message.body,
      receiveCount: message.receiveCount,
      sentAtMs: message.sentAtMs,
    };
    scheduler.after(random.between(1, ANSWER_MS), { label: `answer receive ${receiptHandle}`, life, act: () => resolve(received) });
  };
  const handOut = (): void => {
    for (;;) {
      const visible = messages.filter(isWaiting);
      // The open poll of a process that is gone still takes a message along.
      if (visible.length === 0 || waiters.size === 0) return;
      const waiter = random.pick([...waiters]);
      waiters.delete(waiter);
      give(random.pick(visible), waiter);
    }
  };
  const owner = (handle: string): ModelMessage | undefined => messages.find(({ leases }) => leases.has(handle));
  const holds = (handle: string): boolean => (owner(handle)?.leases.get(handle) ?? 0) > scheduler.now();
  const change = (handle: string, seconds: number): void => {
    const message = owner(handle);
    if (!message || message.isDeleted || !holds(handle)) throw new LeaseLostError("the message is not in flight under this handle");
    message.leases.set(handle, scheduler.now() + seconds * 1000);
    hide(message, seconds);
  };
  const factsNow = (): QueueFacts => ({ visibilitySeconds: options.visibilitySeconds, approximateMessages: messages.length });
  const failure = (): Error => new Error("the model does not serve");
  const queue: Queue = {
    extend: async (handle, seconds) => send(world, { label: `extend ${handle}`, failure, apply: () => change(handle, seconds) }),
    release: async (handle, seconds) => send(world, { label: `release ${handle}`, failure, apply: () => change(handle, seconds) }),
    delete: async (handle) =>
      send(world, {
        label: `delete ${handle}`,
        failure,
        apply: () => {
          const message = owner(handle);
          // SQS takes an older handle and may delete nothing.
          if (!message || message.isDeleted || (!holds(handle) && random.chance(0.5))) return;
          message.isDeleted = true;
          options.onDelete(message);
        },
      }),
    send: async () => {
      throw failure();
    },
    quarantine: async (copy) => send(world, { label: `quarantine ${copy.code}`, failure, apply: () => void deadLetters.push(copy) }),
    checkQueue: async () => factsNow(),
    facts: async () => factsNow(),
  };
  return {
    queue,
    messages,
    deadLetters,
    redriven,
    holds,
    send: (body) => {
      const message = {
        id: `m${messages.length + 1}`,
        body,
        sentAtMs: Date.now(),
        receiveCount: 0,
        visibleAtMs: scheduler.now(),
        isDeleted: false,
        leases: new Map<string, number>(),
      };
      messages.push(message);
      handOut();
      return message;
    },
    receive: async () =>
      new Promise((resolve) => {
        const life = lives.getStore();
        const askedAtMs = performance.now();
        // As consumers.ts has it.
        const handedOutAtMs = (): number => Math.min(performance.now(), askedAtMs + WAIT_MS);
        const take = (message: QueueMessage | undefined): void => resolve(message && { ...message, handedOutAtMs: handedOutAtMs() });
        const waiter = { life, resolve: take };
        waiters.add(waiter);
        scheduler.after(WAIT_MS, {
          label: "the poll is over",
          life: undefined,
          act: () => {
            if (waiters.delete(waiter)) scheduler.after(1, { label: "answer receive", life, act: () => resolve(undefined) });
          },
        });
        handOut();
      }),
  };
}
