import { once } from "node:events";
import { createServer } from "node:http";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createS3Client } from "../../../src/aws/clients.ts";
import { createS3ObjectStore } from "../../../src/aws/s3-object-store.ts";
import type { FakeImds } from "../../support/fake-imds.ts";
import { startFakeImds } from "../../support/fake-imds.ts";

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
  vi.unstubAllEnvs();
  s3Server.closeAllConnections();
  s3Server.close();
  await imds[Symbol.asyncDispose]();
});

/** Lets the instance's role have credentials that end in a minute, which is before they would be renewed. */
function giveRole(AccessKeyId: string): void {
  const Expiration = new Date(Date.now() + 60_000).toISOString();
  imds.texts.set("iam/security-credentials/", "worker");
  imds.texts.set(
    "iam/security-credentials/worker",
    JSON.stringify({ Code: "Success", AccessKeyId, SecretAccessKey: "secret", Token: "token", Expiration }),
  );
}

test("fault 42, R-L4: goes on with the role's last credentials while the metadata service is away, and is tried again when they have expired", async () => {
  const client = createS3Client({ region: "us-east-1", endpointOverridden: true, forcePathStyle: true, maxAttempts: 1 });
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
