import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";

/** One request as it came over the wire. */
export interface WireRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** What a service says to it: a result, one of its exceptions, or nothing at all. */
export type WireAnswer = { readonly status: number; readonly body?: unknown; readonly errorType?: string } | "hang up";

export interface ScriptedService extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly WireRequest[];
}

/** A REST JSON service on loopback that says what the test has it say. */
export async function scriptedService(answer: (request: WireRequest, count: number) => WireAnswer): Promise<ScriptedService> {
  const requests: WireRequest[] = [];
  const serve = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(incoming.url ?? "/", "http://service");
    const body = await text(incoming);
    const parsed: unknown = body === "" ? undefined : JSON.parse(body);
    const request = { method: incoming.method ?? "", path: url.pathname, query: Object.fromEntries(url.searchParams), body: parsed };
    requests.push(request);
    const said = answer(request, requests.length);
    if (said === "hang up") return void response.socket?.destroy();
    const headers = { "content-type": "application/json", ...(said.errorType === undefined ? {} : { "x-amzn-ErrorType": said.errorType }) };
    response.writeHead(said.status, headers).end(JSON.stringify(said.body ?? {}));
  };
  const server = createServer((incoming, response) => void serve(incoming, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === "string") throw new TypeError("the server has no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
