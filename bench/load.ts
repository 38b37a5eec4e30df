/**
 * A queue full of everything, and some workers with programs that replay: how fast messages are settled, and what a job
 * costs beside its encode. Exits 1 when a message is lost or anything is published twice.
 * Usage: npm run bench:load [-- messages=1000] [workers=3]
 */
import { faultsOfLoad, load } from "../test/support/load.ts";

const [messages = 1000, workers = 3] = process.argv.slice(2).map(Number);
const mix = { messages, duplicates: messages / 5, bad: messages / 10, outOfOrder: 2 * Math.round(messages / 40) };
const result = await load(mix, workers);
const { seconds, outcomes, overheads } = result;
const at = (share: number): string => (overheads.at(Math.min(overheads.length - 1, Math.floor(share * overheads.length))) ?? 0).toFixed(2);
console.log(`${messages} messages, ${workers} workers: ${[...outcomes].map(([outcome, count]) => `${count} ${outcome}`).join(", ")}`);
console.log(
  `${(messages / seconds).toFixed(1)} messages a second, ${((outcomes.get("published") ?? 0) / seconds).toFixed(1)} published a second`,
);
console.log(`from receive to settlement beside the encode, of ${overheads.length} messages: median ${at(0.5)} s, p99 ${at(0.99)} s`);
const faults = faultsOfLoad(result, mix);
for (const fault of faults) console.log(`FAILS: ${fault}`);
if (faults.length > 0) process.exitCode = 1;
