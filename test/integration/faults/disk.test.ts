import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { downloadRanges } from "../../../src/aws/ranged-download.ts";
import { createS3Client } from "../../../src/aws/clients.ts";
import { hasRoom } from "../../../src/pipeline/disk.ts";
import type { JobEvent } from "../../../src/pipeline/ports.ts";
import { FAST, ffmpeg, picture, tone } from "../../helpers/clips.ts";
import { settled } from "../../helpers/outcome.ts";
import { processesWith } from "../../helpers/process-list.ts";
import type { TemporaryFolder } from "../../helpers/temporary-folder.ts";
import { temporaryFolder } from "../../helpers/temporary-folder.ts";
import { leftIn, transcodeIn } from "../../helpers/transcode.ts";
import type { SmallDiskOptions } from "../../support/small-disk.ts";
import { mayMount, mountSmallDisk } from "../../support/small-disk.ts";
import { ETAG, startObjectServer } from "../aws/object-server.ts";
import { useEndpoint } from "../queue/fixture.ts";

const MIB = 1024 * 1024;
const isPermitted = await mayMount();
let clip: TemporaryFolder;

beforeAll(async () => {
  clip = await temporaryFolder();
  await ffmpeg(...picture({ seconds: 6 }), ...tone({ seconds: 6 }), ...FAST, clip.in("source.mp4"));
  return () => clip[Symbol.asyncDispose]();
});

/** Transcodes the clip with its work folder on a small disk, to which `meddle` does something once the encode gets on. */
async function transcodeOn(options: SmallDiskOptions, meddle: (workDir: string) => Promise<void> = async () => {}) {
  await using disk = await mountSmallDisk(options);
  await using folder = await temporaryFolder();
  const workDir = join(disk.path, "work");
  let meddled: Promise<void> | undefined;
  const onEvent = (event: JobEvent): void => {
    if (event.kind === "stage-started" && event.stage === "encode") meddled ??= meddle(workDir);
  };
  const env = { LADDERD_WORK_DIR: workDir, LADDERD_DISK_MINIMUM_FREE_BYTES: "0", LADDERD_PER_TITLE: "false" };
  const outcome = await settled(transcodeIn(folder, clip.in("source.mp4"), { env, onEvent }));
  await meddled;
  expect((await leftIn(folder)).out).toEqual([]);
  expect(await processesWith(workDir)).toEqual([]);
  const left = (await readdir(workDir).catch(() => [])).filter((name) => name.startsWith("job-"));
  return { error: "error" in outcome ? outcome.error : undefined, left };
}

/** Takes all that is left of a file system. */
async function fill(workDir: string): Promise<void> {
  for (const sizeBytes of [MIB, 65_536, 4096])
    for (let index = 0; ; index += 1) {
      try {
        await writeFile(join(workDir, `ballast-${sizeBytes}-${index}`), Buffer.alloc(sizeBytes));
      } catch {
        break;
      }
    }
}

describe.skipIf(!isPermitted)("a disk", () => {
  test("fault 44: that is full ends the download as disk_full, without a file left", async () => {
    await using disk = await mountSmallDisk({ sizeBytes: 4 * MIB });
    const server = await startObjectServer({ sizeBytes: 16 * MIB });
    useEndpoint(server.endpoint);
    const client = createS3Client({ region: "us-east-1", endpointOverridden: true, forcePathStyle: true });
    const ref = { bucket: "uploads", key: "clip.mp4" };
    const download = downloadRanges({
      client,
      object: { ref, etag: ETAG, sizeBytes: 16 * MIB, lastModified: "2026-11-20T10:00:00Z" },
      address: { Bucket: ref.bucket, Key: ref.key },
      path: join(disk.path, "source.bin"),
      signal: new AbortController().signal,
      spent: () => undefined,
    });
    await expect(download).rejects.toMatchObject({ code: "disk_full", disposition: "release" });
    expect(await readdir(disk.path)).toEqual([]);
    client.destroy();
    await server.close();
  });

  test("fault 44: with too few bytes or inodes left pauses the intake", async () => {
    await using small = await mountSmallDisk({ sizeBytes: 4 * MIB });
    await using crowded = await mountSmallDisk({ sizeBytes: 4 * MIB, inodes: 20 });
    expect(await hasRoom(small.path, MIB)).toBe(true);
    expect(await hasRoom(small.path, 8 * MIB)).toBe(false);
    expect(await hasRoom(crowded.path, MIB)).toBe(false);
  });

  test("fault 45: that fills up in the middle of the encode is disk_full, and nothing is published", async () => {
    const { error, left } = await transcodeOn({ sizeBytes: 24 * MIB }, fill);
    expect(error).toMatchObject({ code: "disk_full", disposition: "release" });
    expect(left).toEqual([]);
  });

  test.each([14, 16, 17])("fault 46: that runs out of its %i inodes is disk_full, not a fault of the job", async (inodes) => {
    const { error, left } = await transcodeOn({ sizeBytes: 64 * MIB, inodes });
    expect(error).toMatchObject({ code: "disk_full", disposition: "release" });
    expect(left).toEqual([]);
  });

  test("fault 47: whose work folder a cleaner removes is a machine_fault, not a fault of the job", async () => {
    const { error } = await transcodeOn({ sizeBytes: 64 * MIB }, (workDir) => rm(workDir, { recursive: true, force: true }));
    expect(error).toMatchObject({ code: "machine_fault", disposition: "release" });
  });
});
