import { extname, join } from "node:path";
import { forkService } from "../../process/fork-service.ts";
import type { FauxqsInput } from "./fauxqs-contract.ts";
import { fauxqsReady } from "./fauxqs-contract.ts";
import { startProxy } from "./proxy/server.ts";

export interface EmbeddedAwsOptions {
  /** Where objects are kept; not removed at the end. */
  readonly dir: string;
  readonly region?: string;
  readonly buckets: { readonly uploads: string; readonly publish: string; readonly state: string };
  readonly queueName?: string;
  readonly maxReceiveCount?: number;
  readonly visibilitySeconds?: number;
  /** 0 or absent: any free one. */
  readonly port?: number;
  /** Told when fauxqs ends unasked or the proxy fails inside; printed as a process warning when absent. */
  readonly onError?: (error: Error) => void;
}

/** An S3, SQS and SNS of our own on 127.0.0.1. */
export interface EmbeddedAws {
  readonly endpoint: string;
  readonly queueUrl: string;
  readonly deadLetterQueueUrl: string;
  /** The environment that makes a worker (and the AWS CLI) use it. */
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/**
 * Starts fauxqs in a child process, with three buckets and a queue with its dead-letter queue, behind the proxy that
 * closes its gaps. Uploads into the uploads bucket send S3's event to the queue. Rejects when it cannot start, leaving
 * no child.
 */
export async function startEmbeddedAws(options: EmbeddedAwsOptions): Promise<EmbeddedAws> {
  const { buckets, region = "us-east-1", queueName = "ladderd-jobs" } = options;
  const onError = options.onError ?? ((error: Error) => process.emitWarning(error));
  const deadLetterName = `${queueName}-dlq`;
  const storageDir = join(options.dir, "s3");
  const input: FauxqsInput = {
    storageDir,
    region,
    buckets: [...new Set(Object.values(buckets))],
    queue: {
      name: queueName,
      deadLetterName,
      maxReceiveCount: options.maxReceiveCount ?? 10,
      visibilitySeconds: options.visibilitySeconds ?? 60,
    },
  };
  // The sources run as .ts, the build as .js.
  const entry = new URL(`./fauxqs-process${extname(import.meta.filename)}`, import.meta.url);
  const fauxqs = await forkService({ entry, input, parseReady: (message) => fauxqsReady.parse(message), onDeath: onError });
  try {
    const proxy = await startProxy({
      backendPort: fauxqs.ready.port,
      storageDir,
      region,
      uploadsBucket: buckets.uploads,
      queueName,
      port: options.port ?? 0,
      onError,
    });
    const queueUrl = `${proxy.endpoint}/000000000000/${queueName}`;
    return {
      endpoint: proxy.endpoint,
      queueUrl,
      deadLetterQueueUrl: `${proxy.endpoint}/000000000000/${deadLetterName}`,
      env: environment({ endpoint: proxy.endpoint, queueUrl, region, buckets }),
      close: async () => {
        await proxy.close();
        await fauxqs.close();
      },
    };
  } catch (error) {
    await fauxqs.close();
    throw error;
  }
}

type Parts = Pick<EmbeddedAws, "endpoint" | "queueUrl"> & Required<Pick<EmbeddedAwsOptions, "region" | "buckets">>;

function environment({ endpoint, queueUrl, region, buckets }: Parts): Readonly<Record<string, string>> {
  return {
    LADDERD_QUEUE_URL: queueUrl,
    LADDERD_UPLOAD_BUCKETS: buckets.uploads,
    LADDERD_PUBLISH_BUCKET: buckets.publish,
    LADDERD_STATE_BUCKET: buckets.state,
    LADDERD_S3_FORCE_PATH_STYLE: "true",
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: "embedded",
    AWS_SECRET_ACCESS_KEY: "embedded",
  };
}
