import { createHash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clientSettings, startTestAws } from "../../support/embedded-aws.ts";

type TestAws = Awaited<ReturnType<typeof startTestAws>>;
let aws: TestAws;
let s3: S3Client;
const Bucket = "state";

beforeAll(async () => {
  aws = await startTestAws();
  s3 = new S3Client({ ...clientSettings(aws), forcePathStyle: true });
});
afterAll(async () => {
  s3.destroy();
  await aws.close();
});

const put = (Key: string, Body = "x", rest: { IfNoneMatch?: string; IfMatch?: string } = {}) =>
  s3.send(new PutObjectCommand({ Bucket, Key, Body, ...rest }));
const textOf = async (Key: string): Promise<string | undefined> =>
  (await s3.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString();
const refused = { name: "PreconditionFailed", $metadata: { httpStatusCode: 412 } };

describe("conditional writes", () => {
  it("create an object once", async () => {
    await put("once", "first", { IfNoneMatch: "*" });
    await expect(put("once", "second", { IfNoneMatch: "*" })).rejects.toMatchObject(refused);
    expect(await textOf("once")).toBe("first");
  });

  it("replace the object they name and no other", async () => {
    const { ETag = "" } = await put("swap", "1");
    const { ETag: second = "" } = await put("swap", "2", { IfMatch: ETag });
    await expect(put("swap", "3", { IfMatch: ETag })).rejects.toMatchObject(refused);
    await put("swap", "4", { IfMatch: second.replaceAll('"', "") });
    expect(await textOf("swap")).toBe("4");
    await expect(put("nothing-there", "1", { IfMatch: ETag })).rejects.toMatchObject({ name: "NoSuchKey" });
  });

  it("let exactly one of several concurrent creators win", async () => {
    const writers = Array.from({ length: 8 }, (_, index) => put("race", `${index}`, { IfNoneMatch: "*" }));
    const results = await Promise.allSettled(writers);
    const won = results.findIndex(({ status }) => status === "fulfilled");
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(await textOf("race")).toBe(`${won}`);
  });

  it("let exactly one of several concurrent swaps win", async () => {
    const { ETag = "" } = await put("cas", "0");
    const results = await Promise.allSettled(Array.from({ length: 8 }, (_, index) => put("cas", `new ${index}`, { IfMatch: ETag })));
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  it("hold for a multipart upload when it completes", async () => {
    const Key = "multi-condition";
    const start = async () => {
      const { UploadId = "" } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
      const { ETag = "" } = await s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body: "part" }));
      const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
      return s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload, IfNoneMatch: "*" }));
    };
    expect(await start()).toMatchObject({ Key, Bucket });
    await expect(start()).rejects.toMatchObject(refused);
  });

  it("hold for the source of a copy", async () => {
    const { ETag = "" } = await put("copy source?+", "c");
    const copy = (CopySourceIfMatch: string) =>
      s3.send(new CopyObjectCommand({ Bucket, Key: "copied", CopySource: `${Bucket}/copy%20source%3F%2B`, CopySourceIfMatch }));
    await expect(copy('"other"')).rejects.toMatchObject(refused);
    await copy(ETag);
    expect(await textOf("copied")).toBe("c");
  });

  it("do not wait for another key's slow body", async () => {
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const slow = Readable.from(
      (async function* () {
        yield Buffer.from("a");
        await gate;
        yield Buffer.from("b");
      })(),
    );
    const pending = s3.send(new PutObjectCommand({ Bucket, Key: "slow", Body: slow, ContentLength: 2 }));
    await put("quick", "q", { IfNoneMatch: "*" });
    release();
    await pending;
    expect(await textOf("slow")).toBe("ab");
  });
});

describe("conditional reads", () => {
  it("answer 412 when the object is another one, for whole objects, ranges and HEAD", async () => {
    const { ETag = "" } = await put("pinned", "0123456789");
    const get = (IfMatch: string, Range?: string) =>
      s3.send(new GetObjectCommand({ Bucket, Key: "pinned", IfMatch, ...(Range ? { Range } : {}) }));
    const part = await get(ETag, "bytes=2-4");
    expect(await part.Body?.transformToString()).toBe("234");
    expect(part.ContentRange).toBe("bytes 2-4/10");
    await expect(get('"other"')).rejects.toMatchObject(refused);
    await expect(get('"other"', "bytes=2-4")).rejects.toMatchObject(refused);
    const head = (IfMatch: string) => s3.send(new HeadObjectCommand({ Bucket, Key: "pinned", IfMatch }));
    await expect(head('"other"')).rejects.toMatchObject({ $metadata: { httpStatusCode: 412 } });
    expect(await head(ETag.replaceAll('"', ""))).toMatchObject({ ContentLength: 10, ETag });
  });
});

describe("bodies", () => {
  it("come back byte-identical with the SDK's default checksums, in one piece and in parts", async () => {
    const bytes = randomBytes(19 * 1024 * 1024 + 7);
    const digest = (data: Uint8Array): string => createHash("sha256").update(data).digest("hex");
    await new Upload({ client: s3, params: { Bucket, Key: "big", Body: Readable.from([bytes]) }, partSize: 8 * 1024 * 1024 }).done();
    await s3.send(
      new PutObjectCommand({
        Bucket,
        Key: "small",
        Body: bytes.subarray(0, 9 * 1024 * 1024),
        ContentType: "video/mp4",
        CacheControl: "no-store",
      }),
    );
    const big = await s3.send(new GetObjectCommand({ Bucket, Key: "big" }));
    expect(digest((await big.Body?.transformToByteArray()) ?? new Uint8Array())).toBe(digest(bytes));
    const small = await s3.send(new GetObjectCommand({ Bucket, Key: "small" }));
    expect(digest((await small.Body?.transformToByteArray()) ?? new Uint8Array())).toBe(digest(bytes.subarray(0, 9 * 1024 * 1024)));
    expect(small).toMatchObject({ ContentType: "video/mp4", CacheControl: "no-store" });
  });

  it("are never mixed with those of a write that happens meanwhile", async () => {
    const size = 4 * 1024 * 1024;
    const fill = (byte: number) => s3.send(new PutObjectCommand({ Bucket, Key: "flip", Body: Buffer.alloc(size, byte) }));
    await fill(0);
    const state = { writing: true };
    const writes = (async () => {
      for (let byte = 1; byte <= 25; byte += 1) await fill(byte);
    })().finally(() => (state.writing = false));
    let reads = 0;
    for (; state.writing; reads += 1) {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: "flip", Range: `bytes=0-${size - 1}` }));
      const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array();
      expect(bytes).toHaveLength(size);
      expect(bytes.every((byte) => byte === bytes[0])).toBe(true);
    }
    await writes;
    expect(reads).toBeGreaterThan(2);
  });

  it("are refused above fauxqs's limit with an S3 error", async () => {
    await expect(put("too-big", "x".repeat(12 * 1024 * 1024))).rejects.toMatchObject({ name: "EntityTooLarge" });
  });
});

const ODD_KEYS = [
  "../../x",
  "a//b",
  "/leading",
  "trailing/",
  ".",
  "..",
  "./a",
  "a/../b",
  "a+b c%2B.mp4",
  "q?x=1&y#z.mp4",
  "emoji 🎬/é.mp4",
  "quote\"'<&>.mp4",
  "back\\slash:*|.mp4",
  "line\nbreak\r\ttab",
  "x".repeat(1024),
  "é".repeat(512),
];

describe("odd keys", () => {
  it.each(ODD_KEYS.map((key) => [key.slice(0, 30), key] as const))("%j is an object like any other", async (_, Key) => {
    await put(Key, `body of ${Key}`);
    expect(await textOf(Key)).toBe(`body of ${Key}`);
    expect(await s3.send(new HeadObjectCommand({ Bucket, Key }))).toMatchObject({ ContentType: "application/octet-stream" });
    const listed = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: Key }));
    expect(listed.Contents?.map((object) => object.Key)).toContain(Key);
    expect(listed.Prefix).toBe(Key);
    await s3.send(new DeleteObjectCommand({ Bucket, Key }));
    await expect(textOf(Key)).rejects.toMatchObject({ name: "NoSuchKey" });
  });

  it("are listed in byte order, in pages, by folder, and deleted together", async () => {
    const keys = ODD_KEYS.map((key) => `odd/${key.slice(0, 300)}`).toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    for (const key of keys) await put(key);
    const found: string[] = [];
    let ContinuationToken: string | undefined;
    do {
      const page = await s3.send(
        new ListObjectsV2Command({ Bucket, Prefix: "odd/", MaxKeys: 3, ...(ContinuationToken ? { ContinuationToken } : {}) }),
      );
      found.push(...(page.Contents ?? []).flatMap((object) => object.Key ?? []));
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken);
    expect(found).toEqual(keys);

    const folders = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: "odd/", Delimiter: "/" }));
    expect(folders.CommonPrefixes?.map(({ Prefix }) => Prefix)).toContain("odd/emoji 🎬/");
    const encoded = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: "odd/line", EncodingType: "url" }));
    expect(encoded).toMatchObject({ EncodingType: "url", Contents: [{ Key: "odd/line%0Abreak%0D%09tab" }] });

    const deleted = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: keys.map((Key) => ({ Key })) } }));
    expect(deleted.Deleted?.map(({ Key }) => Key)).toEqual(keys);
    expect((await s3.send(new ListObjectsV2Command({ Bucket, Prefix: "odd/" }))).KeyCount).toBe(0);
  });

  it("of more than 1024 bytes are refused", async () => {
    await expect(put("x".repeat(1025))).rejects.toMatchObject({ name: "KeyTooLongError" });
  });
});
