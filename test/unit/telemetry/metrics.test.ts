import { describe, expect, it } from "vitest";

import type { JobEvent, Outcome } from "../../../src/pipeline/ports.ts";
import { OUTCOMES, STAGES } from "../../../src/pipeline/ports.ts";
import type { Metrics } from "../../../src/telemetry/metrics.ts";
import { createMetrics } from "../../../src/telemetry/metrics.ts";

const someMetrics = (): Metrics =>
  createMetrics({ version: "1.2.3", build: "1.2.3+a1b2c3", node: "v24", ffmpeg: "7.1", configHash: "0123456789ab" });

const samplesOf = (text: string): readonly string[] => text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));

async function valueOf(metrics: Metrics, series: string): Promise<number | undefined> {
  const line = samplesOf(await metrics.text()).find((sample) => sample.startsWith(`ladderd_${series} `));
  return line === undefined ? undefined : Number(line.split(" ").at(-1));
}

function jobEvents(jobId: string, outcome: Outcome): readonly JobEvent[] {
  const stages = STAGES.flatMap((stage): readonly JobEvent[] => [
    { kind: "stage-started", jobId, stage },
    { kind: "progress", jobId, stage, fraction: 0.5, speed: 2 },
    { kind: "stage-ended", jobId, stage, durationSeconds: 3 },
  ]);
  return [
    { kind: "started", jobId, sourceKey: `uploads/${jobId}.mp4`, bucket: "uploads" },
    ...stages,
    { kind: "ended", jobId, sourceKey: `uploads/${jobId}.mp4`, outcome, durationSeconds: 42 },
  ];
}

function runJobs(metrics: Metrics, count: number, from = 0): void {
  for (let index = from; index < from + count; index += 1) {
    const outcome = OUTCOMES[index % OUTCOMES.length] ?? "published";
    for (const event of jobEvents(`job-${index}`, outcome)) metrics.observeEvent(event);
    metrics.messageReceived({ shape: "s3", receiveCount: 1, ageSeconds: 5 });
    metrics.messageSettled(outcome);
  }
}

/** Those of the runtime come and go by themselves (file descriptors, kinds of garbage collection). */
const ownSeries = (text: string): readonly string[] => samplesOf(text).filter((line) => !/^ladderd_(?:nodejs|process)_/.test(line));

describe("createMetrics", () => {
  it("prefixes every name, also those of the runtime", async () => {
    const samples = samplesOf(await someMetrics().text());
    expect(samples.filter((line) => !line.startsWith("ladderd_"))).toEqual([]);
    expect(samples.some((line) => line.startsWith("ladderd_nodejs_eventloop_lag_p99_seconds"))).toBe(true);
  });

  it("R-O2: has as many series after a thousand jobs as after the first of each outcome", async () => {
    const metrics = someMetrics();
    runJobs(metrics, OUTCOMES.length);
    const before = ownSeries(await metrics.text()).length;
    runJobs(metrics, 1000, OUTCOMES.length);
    const text = await metrics.text();
    expect(ownSeries(text)).toHaveLength(before);
    expect(text).not.toContain("job-1");
  });

  it("says of each managed engine the one state that its circuit is in, as it is when it is asked", async () => {
    const metrics = someMetrics();
    const circuits = new Map<"mediaconvert", "open" | "half-open" | "closed">([["mediaconvert", "closed"]]);
    metrics.watch({ circuits: () => circuits });
    for (const now of ["open", "half-open", "closed"] as const) {
      circuits.set("mediaconvert", now);
      const text = await metrics.text();
      const inForce = samplesOf(text).filter((line) => /^ladderd_engine_circuit\{.*\} 1$/.test(line));
      expect(inForce).toEqual([`ladderd_engine_circuit{engine="mediaconvert",state="${now}"} 1`]);
    }
  });

  it("counts the engines that jobs were given to, by what became of the one before", async () => {
    const metrics = someMetrics();
    metrics.observeEvent({ kind: "engine-chosen", jobId: "a", engine: "ffmpeg", reason: "for people", why: "circuit" });
    expect(await valueOf(metrics, 'engine_chosen_total{engine="ffmpeg",reason="circuit"}')).toBe(1);
  });

  it("says what runs", async () => {
    expect(await valueOf(someMetrics(), 'build_info{version="1.2.3",build="1.2.3+a1b2c3",node="v24",ffmpeg="7.1"}')).toBe(1);
  });

  it("says on which instance it runs, where that is known, and how many jobs fit", async () => {
    const options = { version: "1.2.3", build: "1.2.3+a1b2c3", node: "v24", ffmpeg: "7.1", configHash: "0" };
    const instance = { instanceId: "i-1", instanceType: "c8g.xlarge", zone: "eu-central-1a" };
    const metrics = createMetrics({ ...options, slots: 3, instance });
    expect(await valueOf(metrics, 'instance_info{instance_id="i-1",instance_type="c8g.xlarge",zone="eu-central-1a"}')).toBe(1);
    expect(await valueOf(metrics, "slots")).toBe(3);
    expect(samplesOf(await createMetrics(options).text()).filter((line) => line.startsWith("ladderd_instance_info"))).toEqual([]);
  });

  it("exports every outcome with zero before the first message, so that a rate has a beginning", async () => {
    const metrics = someMetrics();
    for (const outcome of [...OUTCOMES, "no_ack"]) expect(await valueOf(metrics, `messages_settled_total{outcome="${outcome}"}`)).toBe(0);
  });

  it("counts jobs in progress by phase and is back at zero after them", async () => {
    const metrics = someMetrics();
    metrics.observeEvent({ kind: "stage-started", jobId: "a", stage: "fetch" });
    metrics.observeEvent({ kind: "stage-started", jobId: "a", stage: "encode" });
    metrics.observeEvent({ kind: "stage-started", jobId: "b", stage: "encode" });
    expect(await valueOf(metrics, 'jobs_in_progress{phase="encode"}')).toBe(2);
    expect(await valueOf(metrics, 'jobs_in_progress{phase="fetch"}')).toBe(0);
    for (const jobId of ["a", "b"]) metrics.observeEvent({ kind: "ended", jobId, sourceKey: "k", outcome: "failed", durationSeconds: 1 });
    expect(await valueOf(metrics, 'jobs_in_progress{phase="encode"}')).toBe(0);
  });

  it("puts a failed phase under its error code and a job under its engine", async () => {
    const metrics = someMetrics();
    metrics.observeEvent({ kind: "engine-chosen", jobId: "a", engine: "ffmpeg", reason: "the only one", why: "first" });
    metrics.observeEvent({ kind: "stage-ended", jobId: "a", stage: "verify", durationSeconds: 1, code: "output_misaligned" });
    metrics.observeEvent({ kind: "ended", jobId: "a", sourceKey: "k", outcome: "failed", durationSeconds: 1 });
    expect(await valueOf(metrics, 'phase_failures_total{phase="verify",reason="output_misaligned"}')).toBe(1);
    expect(await valueOf(metrics, 'job_duration_seconds_count{engine="ffmpeg",outcome="failed"}')).toBe(1);
  });

  it("takes an encode's speed from its last progress", async () => {
    const metrics = someMetrics();
    runJobs(metrics, 1);
    expect(await valueOf(metrics, "job_realtime_ratio_sum")).toBe(2);
  });

  it("reads its gauges when it is scraped", async () => {
    const metrics = someMetrics();
    let lease: number | undefined = 200;
    metrics.watch({ diskFreeBytes: async () => 7, leaseRemainingSeconds: () => lease, consumerState: () => "polling" });
    metrics.watch({ ffmpegChildren: () => 2 });
    expect(await valueOf(metrics, "disk_free_bytes")).toBe(7);
    expect(await valueOf(metrics, "ffmpeg_children")).toBe(2);
    expect(await valueOf(metrics, 'consumer_state{state="polling"}')).toBe(1);
    expect(await valueOf(metrics, 'consumer_state{state="draining"}')).toBe(0);
    expect(await valueOf(metrics, "lease_remaining_seconds")).toBe(200);
    lease = undefined;
    expect(await valueOf(metrics, "lease_remaining_seconds")).toBeUndefined();
  });

  it("dates the last publish only when a pointer moved", async () => {
    const metrics = someMetrics();
    const ended = { kind: "ended", jobId: "a", sourceKey: "k", durationSeconds: 1 } as const;
    metrics.observeEvent({ ...ended, outcome: "duplicate", secondsSinceUpload: 5 });
    expect(await valueOf(metrics, 'publish_total{result="already"}')).toBe(1);
    expect(await valueOf(metrics, "time_to_publish_seconds_count")).toBe(0);
    metrics.observeEvent({ ...ended, outcome: "published", secondsSinceUpload: 30 });
    expect(await valueOf(metrics, "time_to_publish_seconds_sum")).toBe(30);
    expect(await valueOf(metrics, "last_publish_timestamp_seconds")).toBeGreaterThan(1_700_000_000);
  });

  it("shows the queues that were counted last, and forgets one that no longer is", async () => {
    const metrics = someMetrics();
    metrics.queueDepths([
      { queue: "jobs", visible: 5, hidden: 2 },
      { queue: "dead_letters", visible: 1, hidden: 0 },
    ]);
    expect(await valueOf(metrics, 'queue_messages{queue="jobs",state="visible"}')).toBe(5);
    expect(await valueOf(metrics, 'queue_messages{queue="dead_letters",state="visible"}')).toBe(1);
    metrics.queueDepths([{ queue: "jobs", visible: 4, hidden: 3 }]);
    expect(await valueOf(metrics, 'queue_messages{queue="jobs",state="hidden"}')).toBe(3);
    expect(await valueOf(metrics, 'queue_messages{queue="dead_letters",state="visible"}')).toBeUndefined();
  });

  it("counts early parts and full sets, and times what played first alone", async () => {
    const metrics = someMetrics();
    const of = {
      job: { id: "a", source: { bucket: "b", key: "k" } },
      asset: { engine: "ffmpeg", durationSeconds: 1, segmentSeconds: 6, renditions: [] },
    };
    const published = { ...({ kind: "published", jobId: "a", assetPath: "a", revision: "r" } as const), ...of };
    metrics.observeEvent({ ...published, set: "early", isFirst: true, secondsSinceUpload: 20 });
    metrics.observeEvent({ ...published, set: "full", isFirst: false, secondsSinceUpload: 90 });
    expect(await valueOf(metrics, 'published_total{kind="early"}')).toBe(1);
    expect(await valueOf(metrics, 'published_total{kind="full"}')).toBe(1);
    expect(await valueOf(metrics, "first_playable_seconds_sum")).toBe(20);
    expect(await valueOf(metrics, "first_playable_seconds_count")).toBe(1);
    expect(await valueOf(metrics, 'messages_settled_total{outcome="published"}')).toBe(0);
    metrics.observeEvent({ ...published, asset: { ...of.asset, engine: "mediaconvert" }, set: "full", isFirst: false });
    expect(await valueOf(metrics, 'messages_settled_total{outcome="published"}')).toBe(1);
  });

  it("counts each thing that happens once", async () => {
    const metrics = someMetrics();
    metrics.leaseExtended("failed");
    metrics.leaseLost();
    metrics.pollFailed("throttled");
    metrics.observeEvent({ kind: "engine-ended", jobId: "a", exit: "stall" });
    metrics.observeEvent({ kind: "transferred", jobId: "a", direction: "in", bytes: 1000 });
    metrics.observeEvent({ kind: "verification-failed", jobId: "a", check: "duration" });
    metrics.interrupted("spot");
    metrics.drained({ seconds: 12, forced: true });
    metrics.awsRequest({ service: "s3", operation: "GetObject", result: "failed" });
    metrics.awsRequest({ service: "sqs", operation: "PurgeQueue", result: "ok" });
    metrics.orphansDeleted(40);
    metrics.deadLetterCopied();
    metrics.sandbox(true);
    const expected: readonly (readonly [string, number])[] = [
      ['lease_extensions_total{result="failed"}', 1],
      ["lease_lost_total", 1],
      ['poll_errors_total{class="throttled"}', 1],
      ['ffmpeg_exits_total{class="stall"}', 1],
      ['s3_bytes_total{direction="in"}', 1000],
      ['output_verification_failures_total{check="duration"}', 1],
      ['interruption_total{kind="spot"}', 1],
      ['aws_requests_total{service="s3",operation="GetObject",result="failed"}', 1],
      ['aws_requests_total{service="sqs",operation="other",result="ok"}', 1],
      ['config_hash_info{hash="0123456789ab"}', 1],
      ["orphan_objects_deleted_total", 40],
      ["dead_letter_copies_total", 1],
      ["drain_seconds", 12],
      ["drain_forced_total", 1],
      ["sandbox_enabled", 1],
    ];
    for (const [series, value] of expected) expect([series, await valueOf(metrics, series)]).toEqual([series, value]);
  });
});
