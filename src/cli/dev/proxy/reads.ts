import { text } from "node:stream/consumers";
import { conditionsOf, preconditionFailed, refusedRead } from "./conditions.ts";
import type { Exchange, ProxyContext } from "./exchange.ts";
import { forwardedHeaders, relay, relayAnswer, relayXml } from "./exchange.ts";
import { parseCopySource } from "./request.ts";
import type { ObjectRequest } from "./request.ts";
import type { Slice } from "./slice.ts";
import { readSlice } from "./slice.ts";
import { encodeDeleteBody } from "./xml.ts";

/** Passes a request on as it is but for its path and the source of a copied part. */
export async function forward({ backend, endpoint }: ProxyContext, exchange: Exchange, path: string): Promise<void> {
  const { method = "GET", headers } = exchange.request;
  const copySource = headers["x-amz-copy-source"];
  const answer = await backend.send({
    method,
    path,
    headers: {
      ...forwardedHeaders(headers),
      ...(typeof copySource === "string" ? { "x-amz-copy-source": parseCopySource(copySource).path } : {}),
    },
    body: exchange.request,
    signal: exchange.signal,
  });
  await relayAnswer(answer, exchange, endpoint);
}

/** A list of objects; its answer names keys. */
export async function list(context: ProxyContext, exchange: Exchange, target: { path: string; urlEncoded: boolean }): Promise<void> {
  const headers = forwardedHeaders(exchange.request.headers);
  const answer = await context.backend.send({ method: "GET", path: target.path, headers, signal: exchange.signal });
  await relayXml(answer, exchange, { endpoint: context.endpoint, urlEncoded: target.urlEncoded });
}

/** DeleteObjects: keys in the body (at most 1000) and in the answer. */
export async function deleteMany(context: ProxyContext, exchange: Exchange, path: string): Promise<void> {
  const { request, signal } = exchange;
  const body = encodeDeleteBody(await text(request));
  const headers = { ...forwardedHeaders(request.headers), "content-length": Buffer.byteLength(body) };
  const answer = await context.backend.send({ method: "POST", path, headers, body, signal });
  await relayXml(answer, exchange, { endpoint: context.endpoint });
}

/** GetObject and HeadObject. fauxqs knows If-Match on GetObject alone and only with quotes, so both are judged here. */
export async function read(context: ProxyContext, exchange: Exchange, target: ObjectRequest): Promise<void> {
  const { backend, endpoint } = context;
  const { method = "GET", headers } = exchange.request;
  const slice = method === "GET" ? await readSlice(context, target, headers.range ?? "") : undefined;
  if (slice) {
    sendSlice(exchange, slice);
    return;
  }
  const answer = await backend.send({
    method,
    path: target.path,
    headers: forwardedHeaders(headers, ["if-match", "if-none-match"]),
    signal: exchange.signal,
  });
  const found = (answer.statusCode ?? 500) < 300;
  const refused = found ? refusedRead(conditionsOf(headers), answer.headers.etag) : undefined;
  if (refused === undefined) return found ? relay(answer, exchange) : relayAnswer(answer, exchange, endpoint);
  answer.destroy();
  refuse(exchange, refused, answer.headers.etag);
}

function sendSlice(exchange: Exchange, { etag, headers, contentRange, bytes }: Slice): void {
  const refused = refusedRead(conditionsOf(exchange.request.headers), etag);
  if (refused !== undefined) {
    refuse(exchange, refused, etag);
    return;
  }
  exchange.response.writeHead(206, { ...forwardedHeaders(headers), "content-range": contentRange, "content-length": bytes.length });
  exchange.response.end(bytes);
}

function refuse({ response }: Exchange, status: 304 | 412, etag: string | undefined): void {
  if (status === 412) throw preconditionFailed();
  response.writeHead(304, etag === undefined ? {} : { etag });
  response.end();
}
