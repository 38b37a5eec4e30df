import { describe, expect, it } from "vitest";

import { notifyReady } from "../../../src/lifecycle/ready.ts";

describe("notifyReady", () => {
  it("tells the process manager over its channel", () => {
    const sent: string[] = [];
    notifyReady({ connected: true, send: (message) => sent.push(message) });
    expect(sent).toEqual(["ready"]);
  });

  it("does nothing without a channel", () => {
    expect(() => notifyReady({ connected: false })).not.toThrow();
  });
});
