import { once } from "node:events";
import { createServer, request } from "node:http";
import { listen } from "../../src/cli/dev/listen.ts";

/** A proxy before S3 whose answers bear a later date: to a client that goes by it everything in S3 is as much older. */
export interface Later extends AsyncDisposable {
  readonly endpoint: string;
  by(seconds: number): void;
}

/** Starts it on 127.0.0.1, at no seconds later. */
export async function startLater(endpoint: string): Promise<Later> {
  const { hostname, port } = new URL(endpoint);
  let seconds = 0;
  const server = createServer((asked, answer) => {
    const { method = "GET", url = "/", headers } = asked;
    const passed = request({ hostname, port, method, path: url, headers }, (given) => {
      answer.writeHead(given.statusCode ?? 502, { ...given.headers, date: new Date(Date.now() + seconds * 1000).toUTCString() });
      given.pipe(answer);
    });
    passed.on("error", () => answer.destroy());
    asked.pipe(passed);
  });
  const { url } = await listen(server, 0);
  return {
    endpoint: url,
    by: (wanted) => {
      seconds = wanted;
    },
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
