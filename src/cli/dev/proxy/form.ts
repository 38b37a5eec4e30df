import type { Readable } from "node:stream";
import { encodeKey } from "./keys.ts";
import { S3Failure } from "./failure.ts";

/** The fields before the file; S3 allows 20 KB of them. */
const MAX_HEAD_BYTES = 64 * 1024;
const FILE_PART = /name="file"(?:;\s*filename="([^"]*)")?[^]*?\r\n\r\n/i;
const KEY_FIELD = /(name="key"[^]*?\r\n\r\n)([^]*?)(?=\r\n--)/i;

/** A browser's upload (POST Object) made ready for fauxqs. */
export interface FormUpload {
  readonly key: string;
  /** The same form with the key as fauxqs knows it. */
  readonly body: AsyncIterable<Buffer>;
  /** By how many bytes the body grew. */
  readonly grownBytes: number;
}

/** Reads a form up to its file, replaces its key field, and streams the rest. Throws S3Failure for a form without key or file. */
export async function rewriteForm(form: Readable): Promise<FormUpload> {
  const chunks: AsyncIterator<Buffer> = form.iterator({ destroyOnReturn: false });
  let head = "";
  while (!FILE_PART.test(head)) {
    // latin1 keeps one character per byte, so the file's first bytes in this chunk survive.
    const { done, value } = await chunks.next();
    if (done || head.length > MAX_HEAD_BYTES)
      throw new S3Failure(400, "MalformedPOSTRequest", "The form has no file within its first 64 KB.");
    head += value.toString("latin1");
  }
  const [, before, rawKey] = KEY_FIELD.exec(head) ?? [];
  if (before === undefined || rawKey === undefined) {
    throw new S3Failure(400, "InvalidArgument", "Bucket POST must contain a field named 'key'.");
  }
  const filename = FILE_PART.exec(head)?.[1]?.split(/[/\\]/).at(-1) ?? "";
  const key = Buffer.from(rawKey.replaceAll("${filename}", filename), "latin1").toString("utf8");
  const rewritten = head.replace(KEY_FIELD, (_, start: string) => start + encodeKey(key));
  return { key, grownBytes: rewritten.length - head.length, body: withHead(Buffer.from(rewritten, "latin1"), chunks) };
}

async function* withHead(head: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield head;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}
