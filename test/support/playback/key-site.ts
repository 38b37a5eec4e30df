import { createReadStream } from "node:fs";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join, normalize } from "node:path";
import { pipeline } from "node:stream/promises";
import { listen } from "../../../src/cli/dev/listen.ts";
import { immutableHeaders } from "../../../src/publish/headers.ts";

export interface SiteKey {
  /** Hex digits. */
  readonly keyId: string;
  readonly key: string;
}

/** An origin of published files with the two servers that give their key away: at /keys/ID for HLS, at /licence for Clear Key. */
export interface KeySite extends AsyncDisposable {
  readonly url: string;
  /** Requests for the key so far, granted or not. */
  readonly asked: readonly string[];
  /** Whether they are granted. */
  grants: boolean;
}

/** Serves the files of a folder to every origin. */
export async function startKeySite(folder: string, key: SiteKey): Promise<KeySite> {
  const asked: string[] = [];
  const site = { asked, grants: true, url: "" };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = new URL(request.url ?? "/", "http://site").pathname;
    response.setHeader("access-control-allow-origin", "*");
    response.setHeader("access-control-allow-headers", "*");
    if (request.method === "OPTIONS") response.end();
    else if (path === "/licence" || path.startsWith("/keys/")) {
      asked.push(path);
      if (site.grants) response.end(path === "/licence" ? licence(key) : Buffer.from(key.key, "hex"));
      else response.writeHead(403).end();
    } else {
      response.setHeader("content-type", immutableHeaders(path).contentType);
      await pipeline(createReadStream(join(folder, normalize(path))), response);
    }
  };
  const server = createServer((request, response) => void answer(request, response).catch(() => response.destroy()));
  site.url = (await listen(server, 0)).url;
  const close = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  };
  return Object.assign(site, { [Symbol.asyncDispose]: close });
}

const base64url = (hex: string): string => Buffer.from(hex, "hex").toString("base64url");
/** The answer of a Clear Key licence server (W3C EME 9.1.4). */
const licence = ({ keyId, key }: SiteKey): string =>
  JSON.stringify({ keys: [{ kty: "oct", kid: base64url(keyId), k: base64url(key) }], type: "temporary" });
