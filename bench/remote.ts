/**
 * One worker and a service that has all of its jobs at one time: how fast they are submitted within the quota, how fast
 * events are taken, and what the worker holds meanwhile. The service speaks MediaConvert's protocol and copies what it
 * encoded once. Exits 1 when a job is lost or done twice, or a quota is not kept.
 * Usage: npm run bench:remote [-- jobs=1000] [submits a second=2] [burst=10]
 */
import { faultsOfRemoteLoad, fullestWindow, isSubmit, remoteLoad } from "../test/support/remote-load.ts";

const [jobs = 1000, perSecond = 2, burst = 10] = process.argv.slice(2).map(Number);
const options = { jobs, submits: { perSecond, burst }, reads: { perSecond: 4, burst: 20 } };
const result = await remoteLoad(options);
const { seconds, memory, calls } = result;
const rate = (what: string, took: number): string => `${what}: ${(jobs / took).toFixed(1)} a second (${took.toFixed(0)} s)`;
const share = (fullest: number): string => `at most ${(100 * fullest).toFixed(0)} % of the quota in any window`;
const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0);
console.log(`${jobs} jobs at the service at one time, by one worker`);
console.log(rate("submitted", seconds.submit));
console.log(`  quota ${perSecond} a second, burst ${burst}: ${share(fullestWindow(calls.filter(isSubmit), options.submits))}`);
const reads = calls.filter((call) => !isSubmit(call));
console.log(`  ${reads.length} other requests, quota 4 a second, burst 20: ${share(fullestWindow(reads, options.reads))}`);
console.log(rate("events taken", seconds.events));
console.log(rate("published when the service ends them", seconds.finish));
for (const [when, { rss, heapUsed }] of Object.entries(memory))
  console.log(`${when.padEnd(5)} RSS ${megabytes(rss)} MB, heap ${megabytes(heapUsed)} MB`);
const faults = faultsOfRemoteLoad(result, options);
for (const fault of faults) console.log(`FAILS: ${fault}`);
if (faults.length > 0) process.exitCode = 1;
