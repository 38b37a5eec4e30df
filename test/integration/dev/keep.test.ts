import { mkdir, mkdtemp, readdir, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Keeper } from "../../../src/cli/dev/keep.ts";
import { createKeeper } from "../../../src/cli/dev/keep.ts";
import type { Storage } from "../../../src/cli/dev/storage.ts";
import { createStorage } from "../../../src/cli/dev/storage.ts";
import { clientSettings, startTestAws } from "../../support/embedded-aws.ts";

let aws: Awaited<ReturnType<typeof startTestAws>>;
let storage: Storage;
let keeper: Keeper;
let s3: S3Client;
let root = "";

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "ladderd-keep-"));
  aws = await startTestAws();
  storage = createStorage({ endpoint: aws.endpoint, region: "us-east-1" });
  s3 = new S3Client({ ...clientSettings(aws), forcePathStyle: true });
  keeper = createKeeper({ storage, endpoint: aws.endpoint, bucket: "published", dir: join(root, "kept") });
});
afterAll(async () => {
  keeper.close();
  s3.destroy();
  storage.close();
  await aws.close();
  await rm(root, { recursive: true, force: true });
});

async function publish(assetPath: string, revision: string): Promise<void> {
  const asset = JSON.stringify({ ladderd: 1, assetPath, revision });
  const objects = { "asset.json": asset, "index.mpd": "<MPD/>", "index.m3u8": `r/${revision}/x`, [`r/${revision}/v720/1.m4s`]: revision };
  for (const [name, body] of Object.entries(objects)) {
    await s3.send(new PutObjectCommand({ Bucket: "published", Key: `${assetPath}/${name}`, Body: body }));
  }
}

it("keeps the current revision of an asset, and the next one beside it", async () => {
  await publish("a b/clip", "one");
  await keeper.keep("a b/clip");
  await publish("a b/clip", "two");
  await keeper.keep("a b/clip");
  const dir = join(root, "kept", "a b", "clip");
  expect((await readdir(dir)).toSorted()).toEqual(["asset.json", "index.m3u8", "index.mpd", "r"]);
  expect((await readdir(join(dir, "r"))).toSorted()).toEqual(["one", "two"]);
  expect(await readFile(join(dir, "index.m3u8"), "utf8")).toBe("r/two/x");
  expect(await readFile(join(dir, "r/two/v720/1.m4s"), "utf8")).toBe("two");
});

it("refuses an asset whose name leaves the folder, and writes nothing of it", async () => {
  await mkdir(join(root, "kept"), { recursive: true });
  const before = await readdir(root, { recursive: true });
  await publish("../../escape", "one");
  await publish("clip", "../../../../escape");
  await expect(keeper.keep("../../escape")).rejects.toThrow("would leave");
  await expect(keeper.keep("clip")).rejects.toThrow("would leave");
  expect(await readdir(root, { recursive: true })).toEqual(before);
});

it("refuses a link in the folder that leads out of it", async () => {
  await mkdir(join(root, "outside"));
  await symlink(join(root, "outside"), join(root, "kept", "linked"));
  await publish("linked/deep", "one");
  await expect(keeper.keep("linked/deep")).rejects.toThrow("leads out of");
  expect(await readdir(join(root, "outside"))).toEqual([]);
});

it("says when there is nothing to keep", async () => {
  await expect(keeper.keep("nowhere")).rejects.toThrow("nowhere has no asset.json");
});
