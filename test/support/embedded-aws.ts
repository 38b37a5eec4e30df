import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EmbeddedAws, EmbeddedAwsOptions } from "../../src/cli/dev/embedded-aws.ts";
import { startEmbeddedAws } from "../../src/cli/dev/embedded-aws.ts";

export const TEST_BUCKETS = { uploads: "uploads", publish: "published", state: "state" } as const;

/** An embedded AWS in a temporary folder for one test file; `close()` leaves no child and no folder. */
export async function startTestAws(options: Partial<EmbeddedAwsOptions> = {}): Promise<EmbeddedAws & AsyncDisposable> {
  const dir = await mkdtemp(join(tmpdir(), "ladderd-aws-"));
  const aws = await startEmbeddedAws({ dir, buckets: TEST_BUCKETS, visibilitySeconds: 30, ...options });
  const close = async (): Promise<void> => {
    await aws.close();
    await rm(dir, { recursive: true, force: true });
  };
  return { ...aws, close, [Symbol.asyncDispose]: close };
}

/** Settings for any AWS SDK client of a test. */
export const clientSettings = ({ endpoint, env }: Pick<EmbeddedAws, "endpoint" | "env">) => ({
  endpoint,
  region: env["AWS_REGION"] ?? "us-east-1",
  credentials: { accessKeyId: "test", secretAccessKey: "test" },
});
