import type { IncomingHttpHeaders } from "node:http";
import { text } from "node:stream/consumers";
import type { Loopback } from "../loopback.ts";
import { createLoopback } from "../loopback.ts";

/** What a HEAD of an object in fauxqs says. */
export interface ObjectHead {
  readonly etag: string;
  readonly sizeBytes: number;
  readonly headers: IncomingHttpHeaders;
}

/** fauxqs itself, behind the proxy. */
export interface Backend extends Loopback {
  /** The object of an encoded path; undefined when there is none. */
  head(path: string): Promise<ObjectHead | undefined>;
  /** Puts a message into a queue. Throws when fauxqs refuses it. */
  sendMessage(queueUrl: string, body: string): Promise<void>;
}

/** fauxqs on this loopback port. */
export function createBackend(port: number): Backend {
  const { send, close } = createLoopback(port);
  return {
    send,
    close,
    async head(path) {
      const answer = await send({ method: "HEAD", path });
      answer.resume();
      const { headers, statusCode } = answer;
      if (statusCode !== 200 || headers.etag === undefined) return undefined;
      return { etag: headers.etag, sizeBytes: Number(headers["content-length"]), headers };
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
  };
}
