import { describe, expect, it } from "vitest";
import { z } from "zod";

const MODULE = "../../../ecosystem.config.js";
const parsed = z.object({
  apps: z.array(
    z.looseObject({
      treekill: z.boolean(),
      kill_timeout: z.number(),
      exp_backoff_restart_delay: z.number(),
      max_restarts: z.undefined().optional(),
      min_uptime: z.undefined().optional(),
      max_memory_restart: z.undefined().optional(),
    }),
  ),
});

describe("ecosystem.config.js", () => {
  it("fault 64: restarts a worker that dies at its start for ever, because it is too slow for PM2's budget", async () => {
    const module: unknown = await import(MODULE);
    const [app] = parsed.parse(module).apps;
    // PM2 7, God.handleExit: 16 ends of less than 1 s within 16 s make an app "errored"; each pause is 1.5 times the last, up to 15 s.
    const pauses = Array.from({ length: 16 }, (_, index) => Math.min(15_000, (app?.exp_backoff_restart_delay ?? 0) * 1.5 ** index));
    const sixteenthEndMs = pauses.slice(0, 15).reduce((total, pause) => total + pause, 0);
    expect(sixteenthEndMs).toBeGreaterThan(4 * 16_000);
    expect(app).toMatchObject({ treekill: false });
  });
});
