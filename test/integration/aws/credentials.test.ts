import { once } from "node:events";
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createS3Client } from "../../../src/aws/clients.ts";
import { sharedCredentials } from "../../../src/aws/credentials.ts";
import { openAws } from "../../../src/aws/open-aws.ts";
import { createS3ObjectStore } from "../../../src/aws/s3-object-store.ts";
import type { FakeImds } from "../../support/fake-imds.ts";
import { startFakeImds } from "../../support/fake-imds.ts";
import { until } from "../../support/until.ts";

const NO_OTHERS = [
  "AWS_ACCESS_KEY_ID",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
  "AWS_PROFILE",
  "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
];
/** Who signed each request, and the answer that the next ones get. */
const signers: string[] = [];
let isExpired = false;
const s3Server = createServer((request, response) => {
  signers.push(/Credential=(\w+)/.exec(request.headers.authorization ?? "")?.[1] ?? "nobody");
  if (isExpired) response.writeHead(400).end("<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>");
  else response.writeHead(200, { etag: '"e"', "last-modified": new Date().toUTCString() }).end("text");
});
let imds: FakeImds;

beforeEach(async () => {
  imds = await startFakeImds();
  s3Server.listen(0, "127.0.0.1");
  await once(s3Server, "listening");
  const address = s3Server.address();
  for (const name of NO_OTHERS) vi.stubEnv(name, undefined);
  vi.stubEnv("AWS_ENDPOINT_URL", `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`);
  vi.stubEnv("AWS_EC2_METADATA_SERVICE_ENDPOINT", imds.url);
  vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent");
  vi.stubEnv("AWS_CONFIG_FILE", "/nonexistent");
});
afterEach(async () => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
  signers.length = 0;
  isExpired = false;
  s3Server.closeAllConnections();
  s3Server.close();
  await imds[Symbol.asyncDispose]();
});

/** Lets the instance's role have credentials that end in a minute, which is before they would be renewed, or in so many seconds. */
function giveRole(AccessKeyId: string, seconds = 60): void {
  const Expiration = new Date(Date.now() + seconds * 1000).toISOString();
  imds.texts.set("iam/security-credentials/", "worker");
  imds.texts.set(
    "iam/security-credentials/worker",
    JSON.stringify({ Code: "Success", AccessKeyId, SecretAccessKey: "secret", Token: "token", Expiration }),
  );
}

const settings = { region: "us-east-1", endpointOverridden: true, forcePathStyle: true, maxAttempts: 1 };

test("fault 42, R-L4: goes on with the role's last credentials while the metadata service is away, and is tried again when they have expired", async () => {
  const client = createS3Client({ ...settings, credentials: sharedCredentials("us-east-1") });
  const store = createS3ObjectStore(client, "bucket");
  giveRole("ROLE1");
  await store.readText("a");
  imds.fail(500);
  for (const key of ["b", "c"]) await expect(store.readText(key)).resolves.toMatchObject({ text: "text" });
  expect(signers).toEqual(["ROLE1", "ROLE1", "ROLE1"]);
  isExpired = true;
  await expect(store.readText("d")).rejects.toMatchObject({ code: "storage_throttled", disposition: "retry" });
  client.destroy();
});

test("fault 42, R-L4: goes on with credentials that have ended while the metadata service is away, and has its new ones afterwards", async () => {
  const client = createS3Client({ ...settings, credentials: sharedCredentials("us-east-1") });
  const store = createS3ObjectStore(client, "bucket");
  giveRole("ROLE2", 2);
  await store.readText("a");
  imds.fail(500);
  await sleep(2500);
  await expect(store.readText("b")).resolves.toMatchObject({ text: "text" });
  imds.fail(undefined);
  giveRole("ROLE3", 3600);
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 120_000 });
  // The one asks for new ones, and does not wait for them while it has others.
  await store.readText("c");
  await until("the new ones are in use", async () => {
    await store.readText("d");
    return signers.at(-1) === "ROLE3" ? true : undefined;
  });
  expect(signers.slice(0, 2)).toEqual(["ROLE2", "ROLE2"]);
  client.destroy();
});

test("R-L4: all clients of a worker have their credentials from one request", async () => {
  giveRole("ROLE4", 3600);
  const credentials = sharedCredentials("us-east-1");
  const aws = openAws(
    { region: "us-east-1", endpointOverridden: true, queueUrl: "http://127.0.0.1:1/q", s3: { forcePathStyle: true } },
    {},
    credentials,
  );
  await Promise.allSettled([
    aws.bucket("a").readText("a"),
    aws.readDepth("http://127.0.0.1:1/q", AbortSignal.timeout(5000)),
    aws.queue.checkQueue(),
  ]);
  expect(signers).toEqual(["ROLE4", "ROLE4", "ROLE4"]);
  expect(imds.reads("iam/security-credentials/worker")).toBe(1);
  aws.close();
});
