import { describe, expect, test, vi } from "vitest";
import type { Notification } from "../../../src/notify/notification.ts";
import type { OutboxOptions, Sink } from "../../../src/notify/outbox.ts";
import { createOutbox, UndeliverableError } from "../../../src/notify/outbox.ts";

const aNotification = (jobId: string): Notification => ({
  version: 1,
  id: "0b5ae7a2-6f3c-4f0e-9a55-0e6f1f0a7c11",
  time: "2026-01-02T03:04:05.678Z",
  event: "started",
  jobId,
  source: { bucket: "uploads", key: "film.mp4" },
});

function anOutbox(send: Sink["send"], options: Partial<OutboxOptions> = {}) {
  const warn = vi.fn<(facts: unknown, message?: string) => void>();
  const sent: (string | undefined)[] = [];
  const sink: Sink = {
    name: "webhook",
    send: async (notification, signal) => {
      sent.push(notification.jobId);
      await send(notification, signal);
    },
    close: () => sent.push("closed"),
  };
  return { outbox: createOutbox({ sink, logger: { warn }, firstPauseMs: 1, ...options }), warn, sent };
}

/** Answers when the signal aborts, as a receiver that stalls. */
const stall: Sink["send"] = async (_, signal) =>
  new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));

describe("an outbox", () => {
  test("delivers in order, each until it is taken, and closes its sink last", async () => {
    let refusals = 2;
    const { outbox, sent, warn } = anOutbox(async () => {
      refusals -= 1;
      if (refusals >= 0) throw new Error("500");
    });
    for (const id of ["a", "b"]) outbox.push(aNotification(id));
    await outbox.close(60_000);
    expect(sent).toEqual(["a", "a", "a", "b", "closed"]);
    expect(warn).not.toHaveBeenCalled();
  });

  test("goes on with the next one after the last try", async () => {
    const { outbox, sent, warn } = anOutbox(
      async ({ jobId }) => {
        if (jobId === "a") throw new Error("500");
      },
      { tries: 3 },
    );
    for (const id of ["a", "b"]) outbox.push(aNotification(id));
    await outbox.close(60_000);
    expect(sent).toEqual(["a", "a", "a", "b", "closed"]);
    expect(warn).toHaveBeenCalledTimes(1);
  });

  test("tries once what will never be taken", async () => {
    const { outbox, sent } = anOutbox(async () => {
      throw new UndeliverableError("400");
    });
    outbox.push(aNotification("a"));
    await outbox.close(60_000);
    expect(sent).toEqual(["a", "closed"]);
  });

  test("ends a try without an answer", async () => {
    const { outbox, sent } = anOutbox(stall, { timeoutMs: 5, tries: 2 });
    outbox.push(aNotification("a"));
    await outbox.close(60_000);
    expect(sent).toEqual(["a", "a", "closed"]);
  });

  test("drops what is above its capacity, with one warning", async () => {
    const { outbox, sent, warn } = anOutbox(stall, { capacity: 1 });
    for (const id of ["a", "b", "c", "d"]) outbox.push(aNotification(id));
    expect(warn).toHaveBeenCalledTimes(1);
    await outbox.close(1);
    expect(sent).toEqual(["a", "closed"]);
  });

  test("leaves what stalls when the budget of the stop is used up, and takes nothing more", async () => {
    const { outbox, sent, warn } = anOutbox(stall);
    for (const id of ["a", "b"]) outbox.push(aNotification(id));
    await outbox.close(1);
    outbox.push(aNotification("c"));
    expect(sent).toEqual(["a", "closed"]);
    expect(warn).toHaveBeenCalledWith(expect.objectContaining({ waiting: 1 }), "notifications dropped at the stop");
  });

  test("works again after it ran empty", async () => {
    const { outbox, sent } = anOutbox(async () => {});
    outbox.push(aNotification("a"));
    await vi.waitFor(() => expect(sent).toEqual(["a"]));
    outbox.push(aNotification("b"));
    await outbox.close(60_000);
    expect(sent).toEqual(["a", "b", "closed"]);
  });
});
