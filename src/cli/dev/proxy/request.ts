import type { IncomingHttpHeaders } from "node:http";
import { MAX_KEY_BYTES, encodeKey, pathToKey } from "./keys.ts";
import { S3Failure } from "./failure.ts";

/** What a request asks of S3, as far as the proxy has to know. */
export type S3Request =
  /** Anything else: SQS, SNS, buckets. Goes through as it came. */
  | { readonly kind: "other"; readonly path: string }
  | { readonly kind: "list"; readonly path: string; readonly urlEncoded: boolean }
  | { readonly kind: "delete-many"; readonly path: string }
  | { readonly kind: "form"; readonly path: string; readonly bucket: string }
  | (ObjectRequest & { readonly kind: "read" | "part" })
  | (ObjectRequest & { readonly kind: "write"; readonly event?: UploadKind });

export interface ObjectRequest {
  readonly bucket: string;
  readonly key: string;
  /** Path and query with the key as fauxqs knows it. */
  readonly path: string;
}

/** How an object came to be: the last part of S3's event name. */
export type UploadKind = "Put" | "Post" | "Copy" | "CompleteMultipartUpload";

interface RawRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

/** fauxqs takes these for a plain read, write or delete of the object itself. */
const UNSUPPORTED = ["acl", "tagging", "retention", "legal-hold", "torrent", "restore", "select", "renameObject"];
const KEY_PARAMETERS = ["prefix", "delimiter", "marker", "start-after"];

/**
 * Reads an S3 request in path style from its raw URL, which must not be normalised: `../../x` and `a//b` are keys.
 * Throws S3Failure for a key that is not UTF-8 or too long, and for what fauxqs would do wrongly.
 */
export function parseRequest({ method, url, headers }: RawRequest): S3Request {
  const [rawPath = "/", rawQuery = ""] = splitOnce(url, "?");
  // A client that uses the queue URL as its endpoint posts there; fauxqs would read that as an S3 request.
  if (headers["x-amz-target"]) return { kind: "other", path: "/" };
  const [bucket = "", rawKey = ""] = splitOnce(rawPath.slice(1), "/");
  const query = new URLSearchParams(rawQuery);
  if (bucket === "" || bucket === "_fauxqs") return { kind: "other", path: url };
  if (rawKey === "") return bucketRequest({ method, bucket, query, contentType: headers["content-type"] ?? "" });
  return objectRequest({ method, bucket, key: decodedKey(rawKey), query, copies: "x-amz-copy-source" in headers });
}

/** The source of a copy as the header names it, and as fauxqs knows it. Throws S3Failure when it cannot be read. */
export function parseCopySource(header: string): ObjectRequest {
  const [source = ""] = splitOnce(header.replace(/^\//, ""), "?");
  const [bucket = "", rawKey = ""] = splitOnce(source.replace(/^%2F/i, "").replace(/^([^/]+?)%2F/i, "$1/"), "/");
  const key = decodedKey(rawKey);
  return { bucket, key, path: `/${bucket}/${encodeKey(key)}` };
}

function bucketRequest(request: { method: string; bucket: string; query: URLSearchParams; contentType: string }): S3Request {
  const { method, bucket, query, contentType } = request;
  const path = withQuery(`/${bucket}`, query);
  if (method === "POST" && contentType.toLowerCase().startsWith("multipart/form-data")) return { kind: "form", path, bucket };
  if (method === "POST") return { kind: "delete-many", path };
  if (method !== "GET") return { kind: "other", path };
  if (Buffer.byteLength(query.get("delimiter") ?? "") > 1) throw new S3Failure(501, "NotImplemented", "A delimiter is one byte here.");
  for (const name of KEY_PARAMETERS) {
    const value = query.get(name);
    if (value) query.set(name, encodeKey(value));
  }
  return { kind: "list", path: withQuery(`/${bucket}`, query), urlEncoded: query.get("encoding-type") === "url" };
}

function objectRequest(request: { method: string; bucket: string; key: string; query: URLSearchParams; copies: boolean }): S3Request {
  const { method, bucket, key, query, copies } = request;
  const unsupported = UNSUPPORTED.find((name) => query.has(name));
  if (unsupported) throw new S3Failure(501, "NotImplemented", `?${unsupported} is not implemented here.`);
  const target = { bucket, key, path: withQuery(`/${bucket}/${encodeKey(key)}`, query) };
  const upload = query.has("uploadId");
  if (method === "GET" && upload) throw new S3Failure(501, "NotImplemented", "ListParts is not implemented here.");
  if (method === "GET" || method === "HEAD") return { ...target, kind: "read" };
  const event = eventOf(method, upload, copies);
  if (event) return { ...target, kind: "write", event };
  return { ...target, kind: method === "DELETE" && !upload ? "write" : "part" };
}

function eventOf(method: string, upload: boolean, copies: boolean): UploadKind | undefined {
  if (method === "POST" && upload) return "CompleteMultipartUpload";
  if (method !== "PUT" || upload) return undefined;
  return copies ? "Copy" : "Put";
}

function decodedKey(rawKey: string): string {
  const key = pathToKey(rawKey);
  if (key === undefined) throw new S3Failure(400, "InvalidURI", "Couldn't parse the specified URI.");
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) throw new S3Failure(400, "KeyTooLongError", "Your key is too long.");
  return key;
}

const withQuery = (path: string, query: URLSearchParams): string => (query.size > 0 ? `${path}?${query.toString()}` : path);

function splitOnce(text: string, separator: string): readonly string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}
