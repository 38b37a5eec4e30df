import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream";
import { createGzip } from "node:zlib";
import type { Loopback } from "./loopback.ts";

export interface OriginRequest {
  readonly method: "GET" | "HEAD";
  /** As it came over the wire. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

export interface OriginAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readable | string | null;
}

type Stored = Readonly<Record<string, string>>;

/** What CloudFront compresses of what we publish; media never. */
const COMPRESSIBLE = ["application/vnd.apple.mpegurl", "application/x-mpegurl", "application/dash+xml", "application/json", "text/vtt"];
const STORED_HEADERS = ["content-type", "content-length", "content-range", "content-encoding", "cache-control", "etag", "last-modified"];
const PASSED_HEADERS = ["if-none-match", "if-modified-since", "if-match"];
const ONE_RANGE = /^bytes=(?:\d+-\d*|-\d+)$/;
const NOT_FOUND = { status: 404, text: "Not found" };
const REFUSALS: Readonly<Record<number, { status: number; text: string }>> = {
  400: NOT_FOUND,
  404: NOT_FOUND,
  412: { status: 412, text: "Precondition failed" },
  416: { status: 416, text: "Range not satisfiable" },
};

/** An object of the published bucket as a CDN answers for it: the stored headers, ranges, gzip when asked, plain text errors. */
export async function fetchObject({ s3, bucket }: { s3: Loopback; bucket: string }, request: OriginRequest): Promise<OriginAnswer> {
  const { method, url, headers } = request;
  const range = wantedRange(headers);
  const answer = await s3.send({
    method,
    path: `/${bucket}${url.replace(/[?#].*$/, "")}`,
    headers: { ...only(headers, PASSED_HEADERS), ...(range === undefined ? {} : { range }) },
  });
  const status = answer.statusCode ?? 502;
  if (status >= 400) return refusal(answer, status);
  const stored = { ...only(answer.headers, STORED_HEADERS), "accept-ranges": "bytes" };
  if (status === 304) {
    answer.resume();
    return { status, headers: stored, body: null };
  }
  return encoded({ answer, stored, method, gzip: status === 200 && acceptsGzip(headers) });
}

/** Compressed when the type is one of text and the client takes it. */
function encoded(given: { answer: IncomingMessage; stored: Stored; method: string; gzip: boolean }): OriginAnswer {
  const { answer, stored, method, gzip } = given;
  const compressible = COMPRESSIBLE.includes(mediaType(stored)) && stored["content-encoding"] === undefined;
  const plain = compressible ? { ...stored, vary: "Accept-Encoding" } : stored;
  const headers = compressible && gzip ? compressedHeaders(plain) : plain;
  const status = answer.statusCode ?? 200;
  if (method === "HEAD") {
    answer.resume();
    return { status, headers, body: null };
  }
  // A failure of either stream destroys both; the server then breaks the answer off.
  return { status, headers, body: compressible && gzip ? pipeline(answer, createGzip(), () => undefined) : answer };
}

/** Another representation: its length is not known, and its ETag is weak. */
function compressedHeaders({ "content-length": _length, etag, ...rest }: Stored): Stored {
  return { ...rest, "content-encoding": "gzip", ...(etag === undefined ? {} : { etag: `W/${etag}` }) };
}

const mediaType = (stored: Stored): string => (stored["content-type"] ?? "").replace(/;.*$/, "").trim().toLowerCase();

function refusal(answer: IncomingMessage, status: number): OriginAnswer {
  answer.resume();
  const { status: told, text } = REFUSALS[status] ?? { status: 502, text: "Bad gateway" };
  const headers = { "content-type": "text/plain; charset=utf-8", ...only(answer.headers, ["content-range"]) };
  return { status: told, headers, body: `${text}\n` };
}

/** One range, and only when no If-Range asks for more than we can judge; otherwise the whole object (RFC 9110 §14.2). */
function wantedRange(headers: IncomingHttpHeaders): string | undefined {
  const { range } = headers;
  return range !== undefined && ONE_RANGE.test(range) && headers["if-range"] === undefined ? range : undefined;
}

/** Whether gzip is among the accepted codings with a weight above 0 (RFC 9110 §12.5.3). */
export function acceptsGzip(headers: IncomingHttpHeaders): boolean {
  const codings = (headers["accept-encoding"] ?? "").toLowerCase().split(",");
  return codings.some((coding) => {
    const [name, ...parameters] = coding.split(";").map((part) => part.trim());
    return (name === "gzip" || name === "*") && !parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter));
  });
}

function only(headers: IncomingHttpHeaders, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = headers[name];
      return typeof value === "string" ? [[name, value] as const] : [];
    }),
  );
}
