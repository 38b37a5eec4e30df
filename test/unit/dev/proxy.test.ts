import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { refusedRead, refusedWrite } from "../../../src/cli/dev/proxy/conditions.ts";
import { s3Event } from "../../../src/cli/dev/proxy/event.ts";
import { rewriteForm } from "../../../src/cli/dev/proxy/form.ts";
import { createKeyMutex } from "../../../src/cli/dev/proxy/key-mutex.ts";
import { encodeKey } from "../../../src/cli/dev/proxy/keys.ts";
import { parseCopySource, parseRequest } from "../../../src/cli/dev/proxy/request.ts";
import { decodeAnswer, encodeDeleteBody, escapeXml, unescapeXml } from "../../../src/cli/dev/proxy/xml.ts";

const request = (method: string, url: string, headers = {}) => parseRequest({ method, url, headers });

describe("a request's meaning", () => {
  it("takes dot segments and double slashes as part of the key", () => {
    expect(request("GET", "/uploads/../../x")).toMatchObject({ kind: "read", bucket: "uploads", key: "../../x" });
    expect(request("PUT", "/uploads//a//b/?x-id=PutObject")).toMatchObject({ kind: "write", key: "/a//b/", event: "Put" });
  });

  it("sends queue requests to fauxqs's only queue path, wherever they were posted", () => {
    expect(request("POST", "/000000000000/jobs", { "x-amz-target": "AmazonSQS.ReceiveMessage" })).toEqual({ kind: "other", path: "/" });
    expect(request("POST", "/")).toEqual({ kind: "other", path: "/" });
  });

  it("tells the kinds of upload apart", () => {
    expect(request("PUT", "/b/k", { "x-amz-copy-source": "b/k2" })).toMatchObject({ kind: "write", event: "Copy" });
    expect(request("POST", "/b/k?uploadId=1")).toMatchObject({ kind: "write", event: "CompleteMultipartUpload" });
    expect(request("PUT", "/b/k?uploadId=1&partNumber=1")).toMatchObject({ kind: "part" });
    expect(request("DELETE", "/b/k?uploadId=1")).toMatchObject({ kind: "part" });
    expect(request("DELETE", "/b/k")).not.toHaveProperty("event");
    expect(request("POST", "/b", { "content-type": "multipart/form-data; boundary=x" })).toMatchObject({ kind: "form" });
    expect(request("POST", "/b?delete")).toMatchObject({ kind: "delete-many" });
  });

  it("encodes the keys in a list's query", () => {
    expect(request("GET", "/b?list-type=2&prefix=a%2Fb+c&delimiter=%2F")).toEqual({
      kind: "list",
      urlEncoded: false,
      path: `/b?list-type=2&prefix=${encodeKey("a/b c")}&delimiter=${encodeKey("/")}`,
    });
  });

  it("refuses what fauxqs would take for a write of the object", () => {
    expect(() => request("PUT", "/b/k?tagging=")).toThrow("not implemented");
    expect(() => request("GET", "/b/%ff")).toThrow("parse");
    expect(() => request("PUT", `/b/${"k".repeat(1025)}`)).toThrow("too long");
  });

  it("reads a copy source in every form clients write", () => {
    for (const header of ["b/a%2Fx%20y", "/b/a/x%20y", "b%2Fa%2Fx%20y", "b/a/x%20y?versionId=1"]) {
      expect(parseCopySource(header)).toMatchObject({ bucket: "b", key: "a/x y" });
    }
  });
});

describe("conditions", () => {
  it("refuse a create when there is an object", () => {
    expect(refusedWrite({ ifNoneMatch: "*" }, '"a"')).toMatchObject({ status: 412, code: "PreconditionFailed" });
    expect(refusedWrite({ ifNoneMatch: "*" }, undefined)).toBeUndefined();
  });

  it("let a replacement through for the same ETag alone, quoted or not", () => {
    expect(refusedWrite({ ifMatch: '"a"' }, '"a"')).toBeUndefined();
    expect(refusedWrite({ ifMatch: "a" }, '"a"')).toBeUndefined();
    expect(refusedWrite({ ifMatch: '"b"' }, '"a"')).toMatchObject({ status: 412 });
    expect(refusedWrite({ ifMatch: '"b"' }, undefined)).toMatchObject({ status: 404, code: "NoSuchKey" });
  });

  it("answer a read with 412 or 304", () => {
    expect(refusedRead({ ifMatch: '"b"' }, '"a"')).toBe(412);
    expect(refusedRead({ ifNoneMatch: 'W/"a"' }, '"a"')).toBe(304);
    expect(refusedRead({ ifMatch: '"b", "a"' }, '"a"')).toBeUndefined();
  });
});

describe("XML", () => {
  it("escapes any text so that it comes back", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => unescapeXml(escapeXml(text)) === text));
  });

  it("gives clients their own keys back", () => {
    const name = encodeKey("a&b//c");
    const xml = `<ListBucketResult><Prefix></Prefix><Contents><Key>${name}</Key></Contents></ListBucketResult>`;
    expect(decodeAnswer(xml)).toContain("<Key>a&amp;b//c</Key>");
    expect(decodeAnswer(xml, { urlEncoded: true })).toContain("<Key>a%26b//c</Key></Contents><EncodingType>url</EncodingType>");
    expect(decodeAnswer(`<Location>http://127.0.0.1:1/b/${name}</Location>`, { endpoint: "http://e" })).toBe(
      "<Location>http://e/b/a%26b//c</Location>",
    );
  });

  it("encodes the keys of a deletion", () => {
    expect(encodeDeleteBody("<Delete><Object><Key>a&amp;b&#x0D;</Key></Object></Delete>")).toBe(
      `<Delete><Object><Key>${encodeKey("a&b\r")}</Key></Object></Delete>`,
    );
  });
});

describe("the event of an upload", () => {
  it("has S3's shape, with rising sequencers", () => {
    const upload = { kind: "Put", bucket: "b", key: "a b.mp4", sizeBytes: 5, etag: '"e"', region: "r", time: new Date(0) } as const;
    const parsed: unknown = JSON.parse(s3Event({ ...upload, sequence: 1 }));
    expect(parsed).toMatchObject({
      Records: [
        {
          eventVersion: "2.1",
          eventSource: "aws:s3",
          eventName: "ObjectCreated:Put",
          eventTime: "1970-01-01T00:00:00.000Z",
          s3: { bucket: { name: "b", arn: "arn:aws:s3:::b" }, object: { key: "a+b.mp4", size: 5, eTag: "e" } },
        },
      ],
    });
    expect(s3Event({ ...upload, sequence: 2 }) > s3Event({ ...upload, sequence: 1 })).toBe(true);
  });
});

describe("a browser's form", () => {
  const form = (chunk: number): Readable => {
    const text = `--x\r\nContent-Disposition: form-data; name="key"\r\n\r\nin/\${filename}\r\n--x\r\nContent-Disposition: form-data; name="file"; filename="C:\\é.mp4"\r\nContent-Type: video/mp4\r\n\r\n`;
    const bytes = Buffer.concat([Buffer.from(text), Buffer.from([0, 255, 13, 10]), Buffer.from("\r\n--x--\r\n")]);
    return Readable.from(Array.from({ length: Math.ceil(bytes.length / chunk) }, (_, at) => bytes.subarray(at * chunk, (at + 1) * chunk)));
  };

  it.each([1, 7, 10_000])("gets another key and the same file in chunks of %i bytes", async (chunk) => {
    const [upload, original] = await Promise.all([rewriteForm(form(chunk)), buffer(form(chunk))]);
    const body = await buffer(Readable.from(upload.body));
    expect(upload.key).toBe("in/é.mp4");
    expect(body.length - original.length).toBe(upload.grownBytes);
    expect(body.toString("latin1")).toBe(original.toString("latin1").replace("in/${filename}", encodeKey("in/é.mp4")));
  });

  it("is refused without a file", async () => {
    await expect(rewriteForm(Readable.from([Buffer.from("--x--\r\n")]))).rejects.toMatchObject({ code: "MalformedPOSTRequest" });
  });
});

describe("the mutex per key", () => {
  it("runs one action at a time for a key, also after a failure, and other keys beside it", async () => {
    const mutex = createKeyMutex();
    const order: string[] = [];
    const act =
      (name: string, ticks: number, fails = false) =>
      async () => {
        order.push(`${name}+`);
        for (let tick = 0; tick < ticks; tick += 1) await Promise.resolve();
        order.push(`${name}-`);
        if (fails) throw new Error(name);
      };
    const all = await Promise.allSettled([
      mutex.run("k", act("a", 20, true)),
      mutex.run("k", act("b", 1)),
      mutex.run("other", act("c", 1)),
    ]);
    expect(all.map(({ status }) => status)).toEqual(["rejected", "fulfilled", "fulfilled"]);
    expect(order.indexOf("b+")).toBeGreaterThan(order.indexOf("a-"));
    expect(order.indexOf("c-")).toBeLessThan(order.indexOf("a-"));
  });
});
