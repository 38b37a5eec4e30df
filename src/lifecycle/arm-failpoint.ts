import type { RemoteEngine } from "../engines/remote.ts";
import type { JobEvent, ObjectStore, ReportEvent } from "../pipeline/ports.ts";
import type { Queue } from "../queue/queue.ts";
import { isSubmitted, parseClaim } from "../state/claim-record.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Failpoint, FailpointName, Write } from "./failpoint.ts";
import { parseFailpoint, SIGNAL_OF } from "./failpoint.ts";

export interface ArmOptions {
  readonly logger: Pick<Logger, "warn">;
  /** Sends the process its signal. */
  readonly act?: (signal: NodeJS.Signals) => void;
}

/** Ports that act at one failpoint and are otherwise what they were given. */
export interface ArmedPorts {
  aws<T extends Writable>(aws: T): T;
  engine(engine: RemoteEngine): RemoteEngine;
  report(report: ReportEvent): ReportEvent;
}

/** Where the worker writes. */
interface Writable {
  readonly queue: Queue;
  readonly bucket: (name: string) => ObjectStore;
}

/** Puts a failpoint around the ports, so that nothing of what it tests knows of it. Undefined when none is set. */
export function armFailpoint(setting: string | undefined, options: ArmOptions): ArmedPorts | undefined {
  const failpoint = parseFailpoint(setting ?? "");
  if (!failpoint) return undefined;
  const pass = countPasses(failpoint, options);
  const around: Around = async (write, work) => {
    pass(`before-${write}`);
    const result = await work();
    pass(`after-${write}`);
    return result;
  };
  return {
    aws: (aws) => ({ ...aws, queue: armQueue(aws.queue, around), bucket: (name: string) => armBucket(aws.bucket(name), around) }),
    engine: (engine) => ({
      ...engine,
      submit: (request, signal) => around("remote-submit", () => engine.submit(request, signal)),
    }),
    report: (report) => (event) => {
      const name = passedBy(event);
      report(event);
      if (name) pass(name);
    },
  };
}

type Around = <T>(write: Write, work: () => Promise<T>) => Promise<T>;

const killItself = (signal: NodeJS.Signals): void => void process.kill(process.pid, signal);

function countPasses({ name, passing, action }: Failpoint, { logger, act = killItself }: ArmOptions): (passed: FailpointName) => void {
  let passes = 0;
  return (passed) => {
    if (passed !== name) return;
    passes += 1;
    if (passes !== passing) return;
    logger.warn({ failpoint: name, passing, action }, "failpoint reached");
    act(SIGNAL_OF[action]);
  };
}

function passedBy(event: JobEvent): FailpointName | undefined {
  if (event.kind === "stage-started") return `before-${event.stage}`;
  return event.kind === "stage-ended" && event.code === undefined ? `after-${event.stage}` : undefined;
}

function armQueue(queue: Queue, around: Around): Queue {
  return {
    ...queue,
    extend: (receiptHandle, seconds) => around("extend", () => queue.extend(receiptHandle, seconds)),
    release: (receiptHandle, seconds) => around("release", () => queue.release(receiptHandle, seconds)),
    delete: (receiptHandle) => around("delete", () => queue.delete(receiptHandle)),
    send: (body, signal) => around("job-message", () => queue.send(body, signal)),
    quarantine: (message) => around("dead-letter", () => queue.quarantine(message)),
  };
}

function armBucket(store: ObjectStore, around: Around): ObjectStore {
  return {
    ...store,
    writeText: (object, signal) => around(writeOf(object), () => store.writeText(object, signal)),
    uploadFile: (object, signal) => around(writeOf(object), () => store.uploadFile(object, signal)),
    copy: (from, to, signal) => around("copy", () => store.copy(from, to, signal)),
    copyAs: (object, signal) => around("copy", () => store.copyAs(object, signal)),
    remove: (keys, signal) => around("discard", () => store.remove(keys, signal)),
  };
}

const POINTERS: Readonly<Record<string, Write>> = { "asset.json": "record", "index.mpd": "mpd", "index.m3u8": "playlist" };

function writeOf({ key, text = "" }: { readonly key: string; readonly text?: string }): Write {
  if (key.startsWith("claims/")) return claimWrite(text);
  if (key.startsWith("jobs/")) return key.startsWith("jobs/remote/") ? "remote-record" : "job-record";
  if (key.startsWith("failures/")) return "failure";
  if (key.endsWith(".m4s")) return "segment";
  return key.includes("/r/") ? "object" : (POINTERS[key.split("/").at(-1) ?? ""] ?? "object");
}

function claimWrite(text: string): Write {
  const record = parseClaim(text);
  if (record?.state === "ended") return isSubmitted(record) ? "claim-submit" : "claim-end";
  if (record?.remote && record.remote.intendedAt === record.renewedAt) return "claim-intend";
  return record?.takenAt === record?.renewedAt ? "claim-take" : "claim-renew";
}
