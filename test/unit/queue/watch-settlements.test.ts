import { expect, test } from "vitest";
import { watchSettlements } from "../../../src/queue/watch-settlements.ts";
import { aQueue } from "./doubles.ts";

test("counts the releases and deletions that SQS did not confirm, and passes their errors on", async () => {
  const away = async (): Promise<never> => Promise.reject(new Error("500"));
  const { queue, unconfirmed } = watchSettlements(aQueue({ release: away, delete: away, extend: away }).queue);
  await expect(queue.release("handle", 1)).rejects.toThrow("500");
  await expect(queue.delete("handle")).rejects.toThrow("500");
  await expect(queue.extend("handle", 1)).rejects.toThrow("500");
  expect(unconfirmed()).toBe(2);
  const well = watchSettlements(aQueue().queue);
  await well.queue.delete("handle");
  expect(well.unconfirmed()).toBe(0);
});
