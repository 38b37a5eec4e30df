import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { randomUUID } from "node:crypto";
import { listen } from "../listen.ts";
import { LostAnswer, ServiceError } from "./service-error.ts";

/** One call as its operation sees it. */
export interface Call {
  /** The labels of the path, decoded. */
  readonly labels: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Parsed JSON; undefined when there was none. */
  readonly body: unknown;
  /** The service's own, as the caller knows it. */
  readonly host: string;
}

/** An operation of a REST JSON service, as its model has it. */
export interface Route {
  readonly operation: string;
  readonly method: "GET" | "POST" | "DELETE";
  /** With labels in braces: /2017-08-29/jobs/{Id} */
  readonly path: string;
  /** Of the answer when all goes well. */
  readonly status: number;
  readonly answer: (call: Call) => unknown;
}

export interface RestServiceOptions {
  readonly routes: readonly Route[];
  /** The service's name in the scope of a signature. */
  readonly signingName: string;
  /** 0: any free one. */
  readonly port: number;
  /** Called before each operation; what it throws is answered. */
  readonly before: (operation: string) => void;
  /** What an unsigned call gets. */
  readonly unsigned: ServiceError;
  /** What a path or method gets that no operation has. */
  readonly unknown: ServiceError;
  /** What a defect of ours gets. */
  readonly internal: ServiceError;
}

/** A service on 127.0.0.1; disposing of it ends its connections. */
export interface RestService extends AsyncDisposable {
  readonly url: string;
}

/**
 * Serves the REST JSON 1 protocol of AWS: labels in the path, bodies as JSON, errors by the header x-amzn-ErrorType with
 * their message in the body.
 */
export async function startRestService(options: RestServiceOptions): Promise<RestService> {
  const server = createServer((request, response) => void serve(options, request, response));
  const { url } = await listen(server, options.port);
  return {
    url,
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function serve(options: RestServiceOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const { status, body } = await answerOf(options, request);
    send(response, { status, body });
  } catch (error) {
    if (error instanceof LostAnswer) return void response.socket?.destroy();
    const { name, status, message } = error instanceof ServiceError ? error : options.internal;
    if (!(error instanceof ServiceError)) process.emitWarning(error instanceof Error ? error : String(error));
    send(response, { status, body: { message }, errorType: name });
  }
}

async function answerOf(options: RestServiceOptions, request: IncomingMessage): Promise<{ status: number; body: unknown }> {
  const body = await text(request);
  const url = new URL(request.url ?? "/", "http://service");
  if (!signedFor(options.signingName).test(request.headers.authorization ?? "")) throw options.unsigned;
  for (const route of options.routes) {
    const labels = route.method === request.method ? labelsOf(route.path, url.pathname) : undefined;
    if (labels === undefined) continue;
    options.before(route.operation);
    const call = { labels, query: url.searchParams, body: parse(body, options.unknown), host: request.headers.host ?? "" };
    return { status: route.status, body: await route.answer(call) };
  }
  throw options.unknown;
}

const signedFor = (service: string): RegExp => new RegExp(`^AWS4-HMAC-SHA256 Credential=[^/]+/\\d{8}/[^/]+/${service}/aws4_request,`);

function labelsOf(pattern: string, path: string): Readonly<Record<string, string>> | undefined {
  const wanted = pattern.split("/");
  const given = path.split("/");
  if (wanted.length !== given.length) return undefined;
  const labels: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const value = given[index] ?? "";
    const label = /^\{(\w+)\}$/.exec(part)?.[1];
    if (label !== undefined) labels[label] = decodeURIComponent(value);
    else if (part !== value) return undefined;
  }
  return labels;
}

function parse(body: string, malformed: ServiceError): unknown {
  if (body === "") return undefined;
  try {
    return JSON.parse(body);
  } catch {
    throw malformed;
  }
}

function send(response: ServerResponse, { status, body, errorType }: { status: number; body: unknown; errorType?: string }): void {
  const headers = {
    "content-type": "application/json",
    "x-amzn-RequestId": randomUUID(),
    ...(errorType === undefined ? {} : { "x-amzn-ErrorType": errorType }),
  };
  response.writeHead(status, headers).end(JSON.stringify(body ?? {}));
}
