import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";

/** A deterministic block of bytes; an object is this block over and over. */
export const BLOCK = Buffer.from(Array.from({ length: 65_536 }, (_, index) => (index * 31 + (index >> 8)) & 0xff));
export const ETAG = "0123456789abcdef0123456789abcdef";

type Manner = "serve" | "truncate" | "stall" | "busy" | "changed" | "whole";

const REFUSALS: Readonly<Partial<Record<Manner, { status: number; code: string }>>> = {
  busy: { status: 503, code: "SlowDown" },
  changed: { status: 412, code: "PreconditionFailed" },
};

export interface ObjectServerOptions {
  readonly sizeBytes: number;
  /** What becomes of a range request; "serve" when absent. */
  readonly behave?: (range: { from: number; to: number; request: number }) => Manner;
}

/** One object of any size over HTTP ranges, as S3 serves it, that breaks off, stalls or refuses as it is told. */
export async function startObjectServer({ sizeBytes, behave = () => "serve" }: ObjectServerOptions) {
  const ranges: string[] = [];
  let open = 0;
  let peak = 0;
  const server = createServer((request, response) => {
    open += 1;
    peak = Math.max(peak, open);
    response.once("close", () => (open -= 1));
    const range = rangeOf(request, sizeBytes);
    ranges.push(`${range.from}-${range.to}`);
    const manner = request.headers["if-match"] === `"${ETAG}"` ? behave({ ...range, request: ranges.length }) : "changed";
    answer(response, { ...range, sizeBytes, manner });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  return {
    endpoint: `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`,
    ranges,
    peakRequests: () => peak,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

function rangeOf({ headers }: IncomingMessage, sizeBytes: number): { from: number; to: number } {
  const match = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? "");
  return { from: Number(match?.[1] ?? 0), to: Math.min(sizeBytes, Number(match?.[2] ?? sizeBytes - 1) + 1) };
}

function answer(
  response: ServerResponse,
  { from, to, sizeBytes, manner }: { from: number; to: number; sizeBytes: number; manner: Manner },
): void {
  const refusal = REFUSALS[manner];
  if (refusal) {
    response.writeHead(refusal.status).end(`<Error><Code>${refusal.code}</Code></Error>`);
    return;
  }
  const whole = manner === "whole";
  response.writeHead(whole ? 200 : 206, { etag: `"${ETAG}"`, "content-length": whole ? sizeBytes : to - from });
  const broken = manner === "truncate" || manner === "stall";
  const body = Readable.from(blocks(from, broken ? from + Math.floor((to - from) / 2) : to));
  body.pipe(response, { end: !broken });
  response.once("close", () => body.destroy());
  if (manner === "truncate") body.once("end", () => response.destroy());
}

function* blocks(from: number, to: number): Generator<Buffer> {
  for (let at = from; at < to;) {
    const start = at % BLOCK.length;
    const block = BLOCK.subarray(start, Math.min(BLOCK.length, start + to - at));
    yield block;
    at += block.length;
  }
}

/** The SHA-256 of the object. */
export function digestOf(sizeBytes: number): string {
  const hash = createHash("sha256");
  for (let at = 0; at < sizeBytes; at += BLOCK.length) hash.update(BLOCK.subarray(0, Math.min(BLOCK.length, sizeBytes - at)));
  return hash.digest("hex");
}
