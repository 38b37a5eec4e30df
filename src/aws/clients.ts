import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import type { AwsRequest } from "../telemetry/metric-labels.ts";
import type { Credentials } from "./credentials.ts";
import { COUNTED_STEP, requestCounter } from "./count-requests.ts";

/** What every client needs. Endpoints come from AWS_ENDPOINT_URL and its kin, which the SDK reads itself. */
export interface ClientSettings {
  readonly region: string;
  /** Whether an AWS_ENDPOINT_URL variable is set: the queue URLs of emulators need not resolve, so they are not called. */
  readonly endpointOverridden: boolean;
  /** Those of the SDK's default chain, asked by this client alone, when absent. */
  readonly credentials?: Credentials | undefined;
  /** No byte for so long ends a request, also in the middle of a body. */
  readonly socketTimeoutMs?: number;
  /** Requests at once; more wait for a socket. */
  readonly maxSockets?: number;
  readonly maxAttempts?: number;
  /** Told when requests wait for sockets. */
  readonly warn?: (message: string) => void;
  /** Told of each request that ended, retries included. */
  readonly onRequest?: ((request: AwsRequest) => void) | undefined;
}

export interface S3Settings extends ClientSettings {
  readonly forcePathStyle?: boolean;
  /** AWS takes a CRC32 with every upload; some emulators do not. */
  readonly checksums?: "when_supported" | "when_required";
  /** The account that every bucket must belong to: another's answers AccessDenied. */
  readonly bucketOwner?: string | undefined;
}

const CONNECTION_TIMEOUT_MS = 3000;
/** ReceiveMessage waits 20 s by itself (R-Q8). */
const SQS_SOCKET_TIMEOUT_MS = 30_000;
const S3_SOCKET_TIMEOUT_MS = 20_000;

/** A client for the S3 data path: 5 attempts, 20 s without a byte at most. The caller destroys it. */
export function createS3Client(settings: S3Settings): S3Client {
  const { forcePathStyle = false, checksums = "when_supported", maxAttempts = 5, bucketOwner } = settings;
  const client = new S3Client({
    ...clientIdentity(settings),
    forcePathStyle,
    maxAttempts,
    retryMode: "standard",
    requestChecksumCalculation: checksums === "when_required" ? "WHEN_REQUIRED" : "WHEN_SUPPORTED",
    // With Expect: 100-continue the SDK opens a new connection for every upload above 2 MiB.
    expectContinueHeader: false,
    requestHandler: requestHandler({ socketTimeoutMs: S3_SOCKET_TIMEOUT_MS, ...settings }),
  });
  if (settings.onRequest) client.middlewareStack.add(requestCounter("s3", settings.onRequest), COUNTED_STEP);
  if (bucketOwner !== undefined) {
    // A name that its owner gave up can be taken by anybody (RELIABILITY.md, bad input 39).
    const owners = { ExpectedBucketOwner: bucketOwner, ExpectedSourceBucketOwner: bucketOwner };
    client.middlewareStack.add((next) => async (args) => next({ ...args, input: { ...args.input, ...owners } }), { step: "initialize" });
  }
  return client;
}

/**
 * A client for SQS: 3 attempts, 30 s without a byte at most. Make one for receives (1 attempt: the receive loop backs off
 * itself), one for the rest, and one for leases alone, which then never wait for a socket. The caller destroys them.
 */
export function createSqsClient(settings: ClientSettings): SQSClient {
  const { endpointOverridden, maxAttempts = 3 } = settings;
  const client = new SQSClient({
    ...clientIdentity(settings),
    maxAttempts,
    retryMode: "standard",
    useQueueUrlAsEndpoint: !endpointOverridden,
    requestHandler: requestHandler({ socketTimeoutMs: SQS_SOCKET_TIMEOUT_MS, ...settings }),
  });
  if (settings.onRequest) client.middlewareStack.add(requestCounter("sqs", settings.onRequest), COUNTED_STEP);
  return client;
}

/** Where a client asks, and as whom: what every one begins with. */
export const clientIdentity = ({ region, credentials }: Pick<ClientSettings, "region" | "credentials">) => ({
  region,
  ...(credentials ? { credentials } : {}),
  logger: SILENT,
});

const quiet = (): void => {};
/** Without a logger the SDK writes to the console; what it would say there, our errors say. */
export const SILENT = { trace: quiet, debug: quiet, info: quiet, warn: quiet, error: quiet };

/** How every client connects: kept-alive sockets, few of them, none of which waits for ever. */
export function requestHandler({
  socketTimeoutMs,
  maxSockets = 64,
  warn,
}: Pick<ClientSettings, "maxSockets" | "warn"> & { socketTimeoutMs: number }) {
  const agent = { keepAlive: true, maxSockets };
  return {
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    socketTimeout: socketTimeoutMs,
    socketAcquisitionWarningTimeout: 5000,
    httpAgent: agent,
    httpsAgent: agent,
    logger: { ...SILENT, warn: (message: unknown): void => warn?.(String(message)) },
  };
}
