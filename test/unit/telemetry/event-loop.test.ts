import { expect, test } from "vitest";
import { createMetrics } from "../../../src/telemetry/metrics.ts";

const BLOCK_MS = 400;
const lagIn = (text: string): number => Number(/^ladderd_nodejs_eventloop_lag_max_seconds ([\d.e+-]+)$/m.exec(text)?.[1]);

test("R-L7: a blocked event loop shows in the longest lag since the scrape before, and the scrape itself does not", async () => {
  const metrics = createMetrics({ version: "1", build: "1+a", node: "v24", ffmpeg: "7.1", configHash: "0" });
  const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 50));
  // The monitor counts from its first turn.
  await turn();
  await metrics.text();
  await turn();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BLOCK_MS);
  await turn();
  const shown = lagIn(await metrics.text());
  expect(shown).toBeGreaterThan((BLOCK_MS / 1000) * 0.8);
  await turn();
  expect(lagIn(await metrics.text())).toBeLessThan(shown);
});
