import { EventEmitter } from "node:events";

import { describe, expect, it } from "vitest";

import type { StopSignal } from "../../../src/lifecycle/signals.ts";
import { handleStopSignals } from "../../../src/lifecycle/signals.ts";

const silent = { info: () => undefined, warn: () => undefined };

function someSignals(...sent: readonly StopSignal[]): { readonly did: readonly string[]; readonly listeners: number } {
  const signals = new EventEmitter();
  const did: string[] = [];
  const dispose = handleStopSignals({
    drain: () => did.push("drain"),
    cancel: () => did.push("cancel"),
    exit: (code) => did.push(`exit ${code}`),
    logger: silent,
    signals,
  });
  for (const signal of sent) signals.emit(signal, signal);
  dispose();
  for (const signal of sent) signals.emit(signal, signal);
  return { did, listeners: signals.listenerCount("SIGTERM") + signals.listenerCount("SIGINT") };
}

describe("handleStopSignals", () => {
  it.each<[readonly StopSignal[], readonly string[]]>([
    [["SIGTERM"], ["drain"]],
    [["SIGINT"], ["drain"]],
    [
      ["SIGINT", "SIGTERM"],
      ["drain", "cancel"],
    ],
    [
      ["SIGTERM", "SIGTERM", "SIGINT"],
      ["drain", "cancel", "exit 1"],
    ],
  ])("answers %j with %j", (sent, expected) => {
    expect(someSignals(...sent).did).toEqual(expected);
  });

  it("leaves no listener and does nothing once disposed", () => {
    expect(someSignals("SIGINT")).toEqual({ did: ["drain"], listeners: 0 });
  });
});
