import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createS3Client } from "../../../src/aws/clients.ts";
import { uploadFile } from "../../../src/aws/upload-file.ts";
import { listen } from "../../../src/cli/dev/listen.ts";
import { useEndpoint } from "../queue/fixture.ts";

const server = createServer((request, response) => {
  request.resume().once("end", () => response.end());
});

beforeAll(async () => {
  const { url } = await listen(server, 0);
  useEndpoint(url);
});
afterAll(() => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  server.close();
});

test("an upload whose file cannot be read is a failure of the upload, not of the process", async () => {
  const client = createS3Client({
    region: "us-east-1",
    endpointOverridden: true,
    forcePathStyle: true,
    socketTimeoutMs: 5000,
    maxAttempts: 1,
  });
  const headers = { contentType: "video/mp4", cacheControl: "no-store" };
  // A folder has a size and can be opened; reading it is what fails, as it does on a bad disk.
  const upload = uploadFile({ client, bucket: "published", key: "k", path: tmpdir(), headers, spent: () => undefined });
  await expect(upload).rejects.toMatchObject({ code: "storage_throttled", cause: { code: "EISDIR" } });
  client.destroy();
});
