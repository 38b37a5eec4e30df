import { Agent, request } from "node:http";
import type { IncomingMessage, OutgoingHttpHeaders } from "node:http";
import { pipeline } from "node:stream/promises";
import type { Readable } from "node:stream";

export interface LoopbackRequest {
  readonly method: string;
  /** Sent as it is: dot segments and double slashes stay. */
  readonly path: string;
  readonly headers?: OutgoingHttpHeaders;
  /** Streamed; a failure of either side ends both. */
  readonly body?: Readable | string;
  /** Aborted when whoever asked has gone. */
  readonly signal?: AbortSignal;
}

/** A server on 127.0.0.1, reached over kept-alive connections. */
export interface Loopback {
  /** Resolves with the answer, whose body the caller must read or destroy. */
  send(request: LoopbackRequest): Promise<IncomingMessage>;
  close(): void;
}

/** Speaks HTTP to the server on this loopback port. */
export function createLoopback(port: number): Loopback {
  const agent = new Agent({ keepAlive: true });
  return {
    send: ({ method, path, headers = {}, body, signal }) =>
      new Promise((resolve, reject) => {
        const outgoing = request({ host: "127.0.0.1", port, agent, method, path, headers, ...(signal ? { signal } : {}) });
        outgoing.once("response", resolve);
        outgoing.once("error", reject);
        if (body === undefined || typeof body === "string") outgoing.end(body);
        else pipeline(body, outgoing).catch(reject);
      }),
    close: () => agent.destroy(),
  };
}
