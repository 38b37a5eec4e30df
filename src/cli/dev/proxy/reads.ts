import { text } from "node:stream/consumers";
import { conditionsOf, preconditionFailed, refusedRead } from "./conditions.ts";
import type { Exchange, ProxyContext } from "./exchange.ts";
import { forwardedHeaders, relay, relayAnswer, relayXml } from "./exchange.ts";
import { parseCopySource } from "./request.ts";
import type { ObjectRequest } from "./request.ts";
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
export async function read({ backend, endpoint }: ProxyContext, exchange: Exchange, target: ObjectRequest): Promise<void> {
  const { method = "GET", headers } = exchange.request;
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
  if (refused === 412) throw preconditionFailed();
  exchange.response.writeHead(304, answer.headers.etag === undefined ? {} : { etag: answer.headers.etag });
  exchange.response.end();
}
