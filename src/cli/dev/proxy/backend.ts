import { Agent, request } from "node:http";
import type { IncomingMessage, OutgoingHttpHeaders } from "node:http";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import type { Readable } from "node:stream";

/** What a HEAD of an object in fauxqs says. */
export interface ObjectHead {
  readonly etag: string;
  readonly sizeBytes: number;
}

export interface BackendRequest {
  readonly method: string;
  readonly path: string;
  readonly headers?: OutgoingHttpHeaders;
  /** Streamed; a failure of either side ends both. */
  readonly body?: Readable | string;
  /** Aborted when the client has gone. */
  readonly signal?: AbortSignal;
}

/** fauxqs itself, behind the proxy. */
export interface Backend {
  /** Sends a request and resolves with the answer, whose body the caller must read or destroy. */
  send(request: BackendRequest): Promise<IncomingMessage>;
  /** The object of an encoded path; undefined when there is none. */
  head(path: string): Promise<ObjectHead | undefined>;
  /** Puts a message into a queue. Throws when fauxqs refuses it. */
  sendMessage(queueUrl: string, body: string): Promise<void>;
  close(): void;
}

/** Speaks HTTP to fauxqs on this loopback port over kept-alive connections. */
export function createBackend(port: number): Backend {
  const agent = new Agent({ keepAlive: true });

  const send: Backend["send"] = ({ method, path, headers = {}, body, signal }) =>
    new Promise((resolve, reject) => {
      const outgoing = request({ host: "127.0.0.1", port, agent, method, path, headers, ...(signal ? { signal } : {}) });
      outgoing.once("response", resolve);
      outgoing.once("error", reject);
      if (body === undefined || typeof body === "string") outgoing.end(body);
      else pipeline(body, outgoing).catch(reject);
    });

  return {
    send,
    async head(path) {
      const answer = await send({ method: "HEAD", path });
      answer.resume();
      const { etag, "content-length": length } = answer.headers;
      return answer.statusCode === 200 && etag !== undefined ? { etag, sizeBytes: Number(length) } : undefined;
    },
    async sendMessage(queueUrl, body) {
      const answer = await send({
        method: "POST",
        path: "/",
        headers: { "content-type": "application/x-amz-json-1.0", "x-amz-target": "AmazonSQS.SendMessage" },
        body: JSON.stringify({ QueueUrl: queueUrl, MessageBody: body }),
      });
      const said = await text(answer);
      if (answer.statusCode !== 200) throw new Error(`the queue refused the event: ${said}`);
    },
    close: () => agent.destroy(),
  };
}
