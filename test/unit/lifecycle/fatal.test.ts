import { EventEmitter, once } from "node:events";

import { describe, expect, it } from "vitest";

import { handleFatalErrors } from "../../../src/lifecycle/fatal.ts";
import { createLogger } from "../../../src/telemetry/logger.ts";

function aProcess(release: () => Promise<void>) {
  const source = new EventEmitter();
  const exits = new EventEmitter();
  const logged: string[] = [];
  const logger = createLogger({ level: "error", pretty: false, destination: { write: (line) => logged.push(line) } });
  const dispose = handleFatalErrors({ release, exit: (code) => exits.emit("exit", code), logger, source, graceMs: 20 });
  return { source, exited: once(exits, "exit"), logged, dispose };
}

describe("handleFatalErrors", () => {
  it.each(["uncaughtException", "unhandledRejection"])("on an %s releases the messages and exits 1", async (event) => {
    let released = 0;
    const { source, exited, logged, dispose } = aProcess(async () => {
      released += 1;
    });
    source.emit(event, new Error("a bug"));
    source.emit(event, new Error("and another"));
    expect(await exited).toEqual([1]);
    expect(released).toBe(1);
    expect(logged).toHaveLength(2);
    dispose();
    expect(source.eventNames()).toEqual([]);
  });

  it("exits although the release never ends", async () => {
    const { source, exited, logged } = aProcess(() => new Promise(() => undefined));
    source.emit("uncaughtException", new Error("a bug"));
    expect(await exited).toEqual([1]);
    expect(logged.at(-1)).toContain("messages were not all released");
  });

  it("exits although the release fails", async () => {
    const { source, exited, logged } = aProcess(() => Promise.reject(new Error("SQS is gone")));
    source.emit("uncaughtException", new Error("a bug"));
    expect(await exited).toEqual([1]);
    expect(logged).toHaveLength(2);
  });
});
