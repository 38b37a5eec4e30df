import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { text } from "node:stream/consumers";
import type { KeyMutex } from "./key-mutex.ts";
import type { Backend } from "./backend.ts";
import type { S3Failure } from "./failure.ts";
import { decodeAnswer } from "./xml.ts";

/** One request of a client and its answer. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal;
}

export interface ProxyContext {
  readonly backend: Backend;
  readonly endpoint: string;
  /** Where fauxqs keeps its objects. */
  readonly storageDir: string;
  readonly region: string;
  readonly uploadsBucket: string;
  readonly queueUrl: string;
  readonly locks: KeyMutex;
  readonly nextSequence: () => number;
  readonly onError: (error: Error) => void;
}

/** These belong to one connection (RFC 9110 §7.6.1); Expect is answered by this server, and Host is fauxqs's own. */
const HOP_HEADERS = ["connection", "keep-alive", "expect", "host", "transfer-encoding", "upgrade", "te", "trailer", "proxy-connection"];

/** The request's headers for fauxqs: without those of the connection and without `dropped`. */
export function forwardedHeaders(headers: IncomingHttpHeaders, dropped: readonly string[] = []): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_HEADERS.includes(name) && !dropped.includes(name)));
}

/** Streams fauxqs's answer to the client unchanged. */
export async function relay(answer: IncomingMessage, { response }: Exchange): Promise<void> {
  response.writeHead(answer.statusCode ?? 502, forwardedHeaders(answer.headers));
  await pipeline(answer, response);
}

/** Sends fauxqs's answer, an XML document of at most a list's size, with the clients' keys in it. */
export async function relayXml(
  answer: IncomingMessage,
  { response }: Exchange,
  options: { endpoint: string; urlEncoded?: boolean },
): Promise<void> {
  const body = Buffer.from(decodeAnswer(await text(answer), options));
  response.writeHead(answer.statusCode ?? 502, { ...forwardedHeaders(answer.headers), "content-length": body.length });
  response.end(body);
}

/** Streams an object, rewrites anything in XML. */
export function relayAnswer(answer: IncomingMessage, exchange: Exchange, endpoint: string): Promise<void> {
  const isXml = answer.headers["content-type"]?.startsWith("application/xml") === true && exchange.request.method !== "HEAD";
  return isXml ? relayXml(answer, exchange, { endpoint }) : relay(answer, exchange);
}

/** Answers with a failure of our own and reads the request to its end, so that a client still sending gets to see it. */
export function answerFailure({ request, response }: Exchange, failure: S3Failure): void {
  request.resume();
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const body = request.method === "HEAD" ? "" : failure.toXml();
  response.writeHead(failure.status, { "content-type": "application/xml", "content-length": Buffer.byteLength(body) });
  response.end(body);
}
