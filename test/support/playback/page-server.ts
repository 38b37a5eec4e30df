import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { listen } from "../../../src/cli/dev/listen.ts";

const FILES: Readonly<Record<string, { readonly path: string; readonly type: string }>> = {
  "/": { path: fileURLToPath(import.meta.resolve("./page.html")), type: "text/html" },
  "/drive.js": { path: fileURLToPath(import.meta.resolve("./drive.js")), type: "text/javascript" },
  "/hls.js": { path: fileURLToPath(import.meta.resolve("hls.js/dist/hls.min.js")), type: "text/javascript" },
  "/shaka.js": { path: fileURLToPath(import.meta.resolve("shaka-player/dist/shaka-player.compiled.js")), type: "text/javascript" },
};

/** A page with both players on a port of its own, so that everything it plays comes from another origin. */
export async function startPageServer(): Promise<{ readonly url: string } & AsyncDisposable> {
  const server = createServer((request, response) => {
    const file = FILES[request.url ?? ""];
    if (!file) {
      response.writeHead(404).end();
      return;
    }
    void readFile(file.path).then((body) => response.writeHead(200, { "content-type": file.type }).end(body));
  });
  const { url } = await listen(server, 0);
  const close = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  };
  return { url, [Symbol.asyncDispose]: close };
}
