import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { listen } from "../../../src/cli/dev/listen.ts";
import { ShutdownError } from "../../../src/domain/errors.ts";
import { keyFinder } from "../../../src/keys/find-key.ts";
import { KEY, KEY_ID } from "../../helpers/encryption.ts";

type Answer = (response: ServerResponse, request: IncomingMessage) => unknown;

/** A key server on a port of its own, gone with the test. */
async function aServer(answer: Answer): Promise<{ readonly url: string } & AsyncDisposable> {
  const server = createServer((request, response) => void answer(response, request));
  const { url } = await listen(server, 0);
  const close = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  };
  return { url, [Symbol.asyncDispose]: close };
}

const asset = { assetPath: "films/a b", revision: "20260102T030405-00000001", scheme: "cenc" };
const ask = (url: string, { authorization, timeoutSeconds = 5, signal = new AbortController().signal }: Asking = {}) =>
  keyFinder((name) => (name === "TOKEN" ? "Bearer t0k3n" : undefined))(
    { kind: "server", url, timeoutSeconds, ...(authorization === undefined ? {} : { authorization }) },
    asset,
    signal,
  );
interface Asking {
  readonly authorization?: string;
  readonly timeoutSeconds?: number;
  readonly signal?: AbortSignal;
}

const KEY_TEXT = JSON.stringify({ keyId: KEY_ID, key: KEY });
const status =
  (code: number, headers: Readonly<Record<string, string>> = {}): Answer =>
  (response) =>
    response.writeHead(code, headers).end(KEY_TEXT);

describe("a key server", () => {
  test("is asked by POST for the key of one revision, with the secret it demands", async () => {
    const asked: unknown[] = [];
    await using server = await aServer(async (response, request) => {
      asked.push(request.method, request.headers.authorization, JSON.parse(await text(request)));
      response.end(KEY_TEXT);
    });
    const key = await ask(server.url, { authorization: "env:TOKEN" });
    expect([key.keyId, key.reveal()]).toEqual([KEY_ID, KEY]);
    expect(asked).toEqual(["POST", "Bearer t0k3n", asset]);
  });

  test.each([
    ["refuses", status(403), "the key server answers 403"],
    ["fails", status(503), "the key server answers 503"],
    ["sends us elsewhere", status(302, { location: "/other" }), "the key server cannot be reached"],
    ["says something else", (response: ServerResponse) => response.end('{"keyId":"1"}'), expect.stringMatching(/answer is not a key/)],
    ["says too much", (response: ServerResponse) => response.end("x".repeat(20_000)), expect.stringMatching(/is above 16384 bytes/)],
    ["breaks off", (response: ServerResponse) => response.destroy(), "the key server cannot be reached"],
  ] as const)("that %s leaves the job to be tried again", async (_what, answer, message) => {
    await using server = await aServer(answer);
    await expect(ask(server.url)).rejects.toMatchObject({ code: "storage_throttled", disposition: "retry", message });
  });

  test("that is not there leaves the job to be tried again", async () => {
    const server = await aServer(status(200));
    await server[Symbol.asyncDispose]();
    await expect(ask(server.url)).rejects.toMatchObject({ disposition: "retry", message: "the key server cannot be reached" });
  });

  test("that does not answer is given up after its time", async () => {
    await using server = await aServer(() => undefined);
    await expect(ask(server.url, { timeoutSeconds: 0.2 })).rejects.toMatchObject({
      disposition: "retry",
      message: "the key server gave no answer within 0.2 s",
    });
  });

  test("does not hold up a worker that stops", async () => {
    const stop = new AbortController();
    const reason = new ShutdownError("the worker stops");
    await using server = await aServer(() => stop.abort(reason));
    await expect(ask(server.url, { signal: stop.signal })).rejects.toBe(reason);
  });

  test("is not asked without the secret it demands", async () => {
    let asked = 0;
    await using server = await aServer((response) => {
      asked += 1;
      response.end(KEY_TEXT);
    });
    await expect(ask(server.url, { authorization: "env:OTHER" })).rejects.toMatchObject({ message: "the secret env:OTHER is not set" });
    expect(asked).toBe(0);
  });
});
