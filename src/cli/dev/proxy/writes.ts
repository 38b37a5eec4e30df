import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from "node:http";
import { conditionsOf, copyConditionsOf, isConditional, preconditionFailed, refusedWrite } from "./conditions.ts";
import type { Conditions } from "./conditions.ts";
import { s3Event } from "./event.ts";
import type { Exchange, ProxyContext } from "./exchange.ts";
import { forwardedHeaders } from "./exchange.ts";
import { S3Failure } from "./failure.ts";
import { rewriteForm } from "./form.ts";
import { encodeKey } from "./keys.ts";
import { parseCopySource } from "./request.ts";
import type { ObjectRequest, UploadKind } from "./request.ts";
import { decodeAnswer } from "./xml.ts";

type WriteTarget = ObjectRequest & { readonly event?: UploadKind };

/** fauxqs's limit, 11 MiB; its own answer is not S3's. */
const MAX_BODY_BYTES = 11 * 1024 * 1024;
const CONDITION_HEADERS = ["if-match", "if-none-match"];

/**
 * PutObject, CopyObject, CompleteMultipartUpload and DeleteObject: one at a time per key, after its conditions were
 * checked. The event of an upload is in the queue before the client has its answer.
 */
export function write(context: ProxyContext, exchange: Exchange, target: WriteTarget): Promise<void> {
  const { headers, method = "PUT" } = exchange.request;
  checkSize(headers);
  return context.locks.run(`${target.bucket}/${target.key}`, async () => {
    const copySource = await checkConditions(context, target, headers);
    const answer = await context.backend.send({
      method,
      path: target.path,
      headers: { ...forwardedHeaders(headers, CONDITION_HEADERS), ...copySource },
      body: exchange.request,
      signal: exchange.signal,
    });
    await finish(context, exchange, { answer, target });
  });
}

/** A browser's upload; the key is in the form. */
export async function form(context: ProxyContext, exchange: Exchange, target: { path: string; bucket: string }): Promise<void> {
  const { headers } = exchange.request;
  checkSize(headers);
  const { key, body, grownBytes } = await rewriteForm(exchange.request);
  const length = headers["content-length"];
  const path = `/${target.bucket}/${encodeKey(key)}`;
  await context.locks.run(`${target.bucket}/${key}`, async () => {
    const answer = await context.backend.send({
      method: "POST",
      path: target.path,
      headers: {
        ...forwardedHeaders(headers, ["content-length"]),
        ...(length === undefined ? {} : { "content-length": Number(length) + grownBytes }),
      },
      body: Readable.from(body, { objectMode: false }),
      signal: exchange.signal,
    });
    await finish(context, exchange, { answer, target: { bucket: target.bucket, key, path, event: "Post" } });
  });
}

async function checkConditions({ backend }: ProxyContext, target: WriteTarget, headers: IncomingHttpHeaders): Promise<OutgoingHttpHeaders> {
  const etagOf = async (path: string): Promise<string | undefined> => (await backend.head(withoutQuery(path)))?.etag;
  const own = conditionsOf(headers);
  const failure = isConditional(own) ? refusedWrite(own, await etagOf(target.path)) : undefined;
  if (failure) throw failure;
  const copySource = headers["x-amz-copy-source"];
  if (typeof copySource !== "string") return {};
  const source = parseCopySource(copySource);
  const demanded: Conditions = copyConditionsOf(headers);
  if (isConditional(demanded) && refusedWrite(demanded, await etagOf(source.path))) throw preconditionFailed();
  return { "x-amz-copy-source": source.path };
}

async function finish(
  context: ProxyContext,
  { request, response }: Exchange,
  { answer, target }: { answer: IncomingMessage; target: WriteTarget },
): Promise<void> {
  const { endpoint } = context;
  const status = answer.statusCode ?? 502;
  const body = decodeAnswer(await text(answer), { endpoint });
  if (status < 300 && target.event && target.bucket === context.uploadsBucket) await sendEvent(context, { ...target, event: target.event });
  request.resume();
  const length = body === "" ? {} : { "content-length": Buffer.byteLength(body) };
  response.writeHead(status, { ...forwardedHeaders(answer.headers), ...length });
  response.end(body);
}

async function sendEvent(context: ProxyContext, { bucket, key, path, event }: ObjectRequest & { event: UploadKind }): Promise<void> {
  const { backend, queueUrl, region, nextSequence } = context;
  const head = await backend.head(withoutQuery(path));
  if (!head) throw new Error(`the upload of ${key} left no object`);
  const { etag, sizeBytes } = head;
  await backend.sendMessage(
    queueUrl,
    s3Event({ kind: event, bucket, key, etag, sizeBytes, region, time: new Date(), sequence: nextSequence() }),
  );
}

function checkSize(headers: IncomingHttpHeaders): void {
  if (Number(headers["content-length"] ?? 0) <= MAX_BODY_BYTES) return;
  throw new S3Failure(400, "EntityTooLarge", "One request carries at most 11 MiB here: upload in parts of 8 MiB.");
}

const withoutQuery = (path: string): string => path.replace(/\?.*$/, "");
