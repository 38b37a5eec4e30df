import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

/** An instance metadata service that speaks IMDSv2 and no older version. */
export interface FakeImds extends AsyncDisposable {
  readonly url: string;
  /** What stands below /latest/meta-data/; everything else is 404. */
  readonly texts: Map<string, string>;
  /** Tokens given out so far. */
  readonly tokens: () => number;
  /** How often this was read. */
  readonly reads: (name: string) => number;
  /** Refuses every token given out so far with 401, as IMDS does when their time is over. */
  expireTokens(): void;
  /** Answers reads of paths that match (all, when none is given) with this status instead, so many times; undefined ends it. */
  fail(status: number | undefined, path?: string, times?: number): void;
  /** Waits so long before each answer. */
  slowDown(delayMs: number): void;
}

/** Starts it on the loopback address, an instance in no group and without a notice. */
export async function startFakeImds(): Promise<FakeImds> {
  const texts = new Map([["instance-id", "i-0123456789abcdef0"]]);
  const valid = new Set<string>();
  const reads = new Map<string, number>();
  const state: { tokens: number; status?: number | undefined; failing?: string | undefined; times: number; delayMs: number } = {
    tokens: 0,
    times: 0,
    delayMs: 0,
  };
  const newToken = (seconds: number): readonly [number, string] => {
    if (!(seconds >= 1 && seconds <= 21_600)) return [400, ""];
    const token = randomUUID();
    valid.add(token);
    state.tokens += 1;
    return [200, token];
  };
  const answer = (request: IncomingMessage): readonly [number, string] => {
    const path = request.url ?? "";
    if (request.method === "PUT" && path === "/latest/api/token")
      return newToken(Number(request.headers["x-aws-ec2-metadata-token-ttl-seconds"]));
    if (!valid.has(String(request.headers["x-aws-ec2-metadata-token"]))) return [401, ""];
    return textAt(path.replace(/^\/latest\/meta-data\//, ""));
  };
  const textAt = (name: string): readonly [number, string] => {
    reads.set(name, (reads.get(name) ?? 0) + 1);
    if (state.status !== undefined && (state.failing ?? name) === name && state.times-- > 0) return [state.status, ""];
    const text = texts.get(name);
    return text === undefined ? [404, "Not Found"] : [200, text];
  };
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (state.delayMs > 0) await sleep(state.delayMs);
    const [status, text] = answer(request);
    response.writeHead(status, { "content-type": "text/plain" }).end(text);
  };
  const server = createServer((request, response) => void serve(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    texts,
    tokens: () => state.tokens,
    reads: (name) => reads.get(name) ?? 0,
    expireTokens: () => valid.clear(),
    fail: (status, path, times = Infinity) => {
      state.status = status;
      state.times = times;
      state.failing = path;
    },
    slowDown: (delayMs) => {
      state.delayMs = delayMs;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
