import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { S3Failure } from "./failure.ts";
import type { Backend } from "./backend.ts";
import { createBackend } from "./backend.ts";
import { createKeyMutex } from "./key-mutex.ts";
import { parseRequest } from "./request.ts";
import { listen } from "../listen.ts";
import type { Exchange, ProxyContext } from "./exchange.ts";
import { answerFailure } from "./exchange.ts";
import { deleteMany, forward, list, read } from "./reads.ts";
import { form, write } from "./writes.ts";

export interface ProxyOptions {
  readonly backendPort: number;
  /** Where fauxqs keeps its objects. */
  readonly storageDir: string;
  readonly region: string;
  /** Uploads into this bucket send an event to the queue of this name. */
  readonly uploadsBucket: string;
  readonly queueName: string;
  /** 0: any free one. */
  readonly port: number;
  /** Told of what went wrong inside the proxy; the client has got a 500. */
  readonly onError: (error: Error) => void;
}

export interface Proxy {
  /** http://127.0.0.1:port */
  readonly endpoint: string;
  close(): Promise<void>;
}

/**
 * The S3, SQS and SNS endpoint clients use: fauxqs with its gaps closed (conditional writes, upload events, keys that
 * are no file names). Bodies are streamed both ways. Listens on 127.0.0.1 only.
 */
export async function startProxy(options: ProxyOptions): Promise<Proxy> {
  const backend = createBackend(options.backendPort);
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: 60_000 });
  const { url: endpoint } = await listen(server, options.port);
  const queueUrl = `${endpoint}/000000000000/${options.queueName}`;
  // What breaks because we close is no failure.
  let closing = false;
  const onError = (error: Error): void => (closing ? undefined : options.onError(error));
  const context: ProxyContext = { ...options, onError, backend, endpoint, queueUrl, locks: createKeyMutex(), nextSequence: counter() };
  server.on("request", (request, response) => void serve(context, request, response));
  return {
    endpoint,
    close: () => {
      closing = true;
      return closeAll(server, backend);
    },
  };
}

async function serve(context: ProxyContext, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const gone = new AbortController();
  response.once("close", () => (response.writableFinished ? undefined : gone.abort()));
  const exchange: Exchange = { request, response, signal: gone.signal };
  try {
    await route(context, exchange);
  } catch (error) {
    if (gone.signal.aborted) return;
    if (!(error instanceof S3Failure)) context.onError(error instanceof Error ? error : new Error(String(error)));
    answerFailure(exchange, error instanceof S3Failure ? error : new S3Failure(500, "InternalError", "The embedded S3 failed."));
  }
}

async function route(context: ProxyContext, exchange: Exchange): Promise<void> {
  const { method = "GET", url = "/", headers } = exchange.request;
  const target = parseRequest({ method, url, headers });
  switch (target.kind) {
    case "other":
    case "part":
      await forward(context, exchange, target.path);
      break;
    case "list":
      await list(context, exchange, target);
      break;
    case "delete-many":
      await deleteMany(context, exchange, target.path);
      break;
    case "form":
      await form(context, exchange, target);
      break;
    case "read":
      await read(context, exchange, target);
      break;
    case "write":
      await write(context, exchange, target);
      break;
  }
}

async function closeAll(server: Server, backend: Backend): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
  backend.close();
}

function counter(): () => number {
  let count = 0;
  return () => (count += 1);
}
