/** Downloads one object in a process of its own and prints the most memory it was resident with, in MB. */
import { createS3Client } from "../../../src/aws/clients.ts";
import { createS3SourceStore } from "../../../src/aws/s3-source-store.ts";

const [path = "", size = "0", etag = ""] = process.argv.slice(2);
const client = createS3Client({ region: "us-east-1", endpointOverridden: true, forcePathStyle: true });
const before = process.resourceUsage().maxRSS / 1024;
await createS3SourceStore(client).download(
  { ref: { bucket: "uploads", key: "clip.mp4" }, etag, sizeBytes: Number(size), lastModified: "2026-11-20T10:00:00Z" },
  path,
  { signal: new AbortController().signal },
);
client.destroy();
process.stdout.write(JSON.stringify({ before, peak: process.resourceUsage().maxRSS / 1024 }));
