import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

/** Every name starts with this. */
export const PREFIX = "ladderd_";

/** From a second to the 12 hours that a message can be held. */
const SECONDS = [1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 28_800, 43_200];
/** Multiples of the source's duration that an encode runs at. */
const RATIOS = [0.1, 0.25, 0.5, 1, 2, 4, 8, 16];
/** Receives of one message; a queue's maxReceiveCount is 10 or more. */
const RECEIVES = [1, 2, 3, 5, 10, 20];

/** The instruments, registered in a registry of their own: two workers in one process do not share counts. */
export type MetricSet = ReturnType<typeof createMetricSet>;

/** Creates the instruments of RELIABILITY.md §9. Help texts are what an operator reads in the explorer. */
export function createMetricSet() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: PREFIX });
  const about = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) => ({
    name: `${PREFIX}${name}`,
    help,
    labelNames,
    registers: [registry],
  });
  return {
    registry,
    buildInfo: new Gauge(about("build_info", "1; what runs, as labels", ["version", "build", "node", "ffmpeg"])),
    configHash: new Gauge(about("config_hash_info", "1; a hash of the configuration in force, as a label", ["hash"])),
    instance: new Gauge(
      about("instance_info", "1; the EC2 instance that this runs on, as labels", ["instance_id", "instance_type", "zone"]),
    ),
    slots: new Gauge(about("slots", "jobs that may run at a time")),
    sandboxEnabled: new Gauge(about("sandbox_enabled", "1 when ffmpeg runs in its sandbox")),
    intakeHeld: new Gauge(about("intake_held", "1 while the intake pauses because every job fails of this code", ["code"])),
    received: new Counter(about("messages_received_total", "messages received, by the shape of their body", ["shape"])),
    settled: new Counter(
      about("messages_settled_total", "messages settled, by how, and jobs of managed engines when they are published", ["outcome"]),
    ),
    deadLetterCopies: new Counter(about("dead_letter_copies_total", "copies of rejected messages put on the dead-letter queue")),
    queueMessages: new Gauge(
      about("queue_messages", "messages on a queue by SQS's estimate: visible ones wait, hidden ones are worked at", ["queue", "state"]),
    ),
    receiveCount: new Histogram({ ...about("message_receive_count", "how often a message was received before"), buckets: RECEIVES }),
    messageAge: new Histogram({ ...about("message_age_seconds", "age of a message at its receive"), buckets: SECONDS }),
    timeToPublish: new Histogram({ ...about("time_to_publish_seconds", "from the upload to the moved pointer"), buckets: SECONDS }),
    firstPlayable: new Histogram({
      ...about("first_playable_seconds", "from the upload to the first revision that plays"),
      buckets: SECONDS,
    }),
    publishedSets: new Counter(about("published_total", "revisions published, early parts and full sets", ["kind"])),
    engineChosen: new Counter(
      about("engine_chosen_total", "engines that jobs were given to, by what became of the last one before it", ["engine", "reason"]),
    ),
    circuit: new Gauge(about("engine_circuit", "1 for the state that a managed engine's circuit is in", ["engine", "state"])),
    jobsInProgress: new Gauge(about("jobs_in_progress", "running jobs by phase", ["phase"])),
    jobDuration: new Histogram({ ...about("job_duration_seconds", "wall time of ended jobs", ["engine", "outcome"]), buckets: SECONDS }),
    phaseDuration: new Histogram({
      ...about("phase_duration_seconds", "wall time of ended phases", ["phase", "outcome"]),
      buckets: SECONDS,
    }),
    phaseFailures: new Counter(about("phase_failures_total", "failed phases by error code", ["phase", "reason"])),
    realtimeRatio: new Histogram({ ...about("job_realtime_ratio", "encode speed as a multiple of real time"), buckets: RATIOS }),
    leaseExtensions: new Counter(about("lease_extensions_total", "extensions of message leases", ["result"])),
    leaseLost: new Counter(about("lease_lost_total", "leases lost while a job ran")),
    leaseRemaining: new Gauge(about("lease_remaining_seconds", "time left of the running jobs' shortest lease")),
    lastPoll: new Gauge(about("last_poll_success_timestamp_seconds", "when a receive last succeeded")),
    lastPublish: new Gauge(about("last_publish_timestamp_seconds", "when a pointer was last moved")),
    consumerState: new Gauge(about("consumer_state", "1 for the state the receive loops are in", ["state"])),
    pollErrors: new Counter(about("poll_errors_total", "failed receives", ["class"])),
    drainSeconds: new Gauge(about("drain_seconds", "how long the drain took")),
    drainForced: new Counter(about("drain_forced_total", "drains that ran out of time")),
    interruptions: new Counter(about("interruption_total", "requests to stop, by who asked", ["kind"])),
    ffmpegExits: new Counter(about("ffmpeg_exits_total", "ended ffmpeg processes", ["class"])),
    ffmpegChildren: new Gauge(about("ffmpeg_children", "programs that the worker has started and that run: ffmpeg, ffprobe, the packager")),
    verificationFailures: new Counter(about("output_verification_failures_total", "outputs refused, by the check that failed", ["check"])),
    diskFree: new Gauge(about("disk_free_bytes", "free space of the work folder's file system")),
    workDirBytes: new Gauge(about("workdir_bytes", "what the files in the work folder take")),
    awsRequests: new Counter(about("aws_requests_total", "requests to AWS, retries included", ["service", "operation", "result"])),
    orphansDeleted: new Counter(about("orphan_objects_deleted_total", "published objects deleted that no pointer led to")),
    s3Bytes: new Counter(about("s3_bytes_total", "bytes exchanged with S3", ["direction"])),
    published: new Counter(about("publish_total", "attempts to move a pointer, by what came of them", ["result"])),
  };
}
