import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingHttpHeaders } from "node:http";
import { listen } from "../../../src/cli/dev/listen.ts";

/** What one request is answered with. */
export interface Answer {
  readonly status: number;
  readonly code?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Breaks the connection after so many bytes of the request. */
  readonly resetAfter?: number;
  /** Takes the whole request and breaks the connection instead of an answer. */
  readonly isLost?: true;
}

/** A request as it came. */
export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  bytes: number;
}

/** A server that answers each request with the next of `answers` (the last one for all further), and keeps the requests. */
export const startAnsweringS3 = (...answers: readonly Answer[]): Promise<AnsweringS3> =>
  startDecidingS3((_request, index) => answers[Math.min(index, answers.length - 1)]);

/** A running server; its clients must be gone, or they are cut off, when it closes. */
export interface AnsweringS3 {
  readonly endpoint: string;
  readonly requests: readonly SeenRequest[];
  close(): Promise<void>;
}

/** A server that answers each request as `decide` says, and keeps the requests. */
export async function startDecidingS3(decide: (request: SeenRequest, index: number) => Answer | undefined): Promise<AnsweringS3> {
  const requests: SeenRequest[] = [];
  const server = createServer((request, response) => {
    const seen = { method: request.method ?? "", url: request.url ?? "", headers: request.headers, bytes: 0 };
    requests.push(seen);
    const answer = decide(seen, requests.length - 1) ?? { status: 500 };
    const { resetAfter } = answer;
    request.on("error", () => {});
    request.on("data", (chunk: Buffer) => {
      seen.bytes += chunk.length;
      if (resetAfter !== undefined && seen.bytes >= resetAfter) request.socket.destroy();
    });
    request.on("end", () => {
      if (answer.isLost) request.socket.destroy();
      else response.writeHead(answer.status, answer.headers).end(request.method === "HEAD" ? "" : bodyOf(answer));
    });
  });
  const { url } = await listen(server, 0);
  return {
    endpoint: url,
    requests,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

const bodyOf = ({ code, body = "" }: Answer): string => (code ? `<Error><Code>${code}</Code></Error>` : body);
