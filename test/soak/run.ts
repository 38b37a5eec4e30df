/**
 * Ten thousand jobs through one worker with programs that replay: what it holds on to must not grow.
 * Usage: npm run soak [-- jobs=10000]
 */
import { faultsOf, soak } from "./soak.ts";

const jobs = Number(process.argv[2] ?? 10_000);
const started = performance.now();
const MIB = 1024 * 1024;
const result = await soak({
  jobs,
  samples: 25,
  onSample: ({ jobs: done, rss, heapUsed, descriptors, timers, listeners }) =>
    console.log(
      `${String(done).padStart(6)} jobs: resident ${(rss / MIB).toFixed(1)} MiB, heap ${(heapUsed / MIB).toFixed(1)} MiB, ` +
        `${descriptors} descriptors, ${timers} timers, ${listeners} listeners; ${((performance.now() - started) / 1000).toFixed(0)} s`,
    ),
});
const faults = faultsOf(result, jobs);
const perThousand = (bytes: number): string => ((bytes * 1000) / MIB).toFixed(3);
console.log(`growth a thousand jobs: resident ${perThousand(result.slope.rss)} MiB, heap ${perThousand(result.slope.heapUsed)} MiB`);
for (const fault of faults) console.log(`FAILS: ${fault}`);
console.log(`${result.published} published, ${faults.length} faults`);
if (faults.length > 0) process.exitCode = 1;
