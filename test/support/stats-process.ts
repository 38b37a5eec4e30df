/** Loaded before the daemon (--import): writes what the process holds on to, as a line of JSON, at each SIGUSR2. */
import { appendFileSync, readdirSync } from "node:fs";

const file = process.env["STATS_FILE"] ?? "";
const signals: readonly NodeJS.Signals[] = ["SIGTERM", "SIGINT"];

process.on("SIGUSR2", () => {
  globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  const resources = process.getActiveResourcesInfo();
  const count = (kind: string): number => resources.filter((name) => name === kind).length;
  const listeners = signals.reduce((sum, name) => sum + process.listenerCount(name), 0);
  const descriptors = readdirSync("/proc/self/fd").length;
  appendFileSync(file, `${JSON.stringify({ rss, heapUsed, external, timers: count("Timeout"), descriptors, listeners })}\n`);
});
