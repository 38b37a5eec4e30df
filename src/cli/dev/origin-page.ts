import { readFile } from "node:fs/promises";
import { extname } from "node:path";

/** A file of the player page, ready to send. */
export interface PageFile {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Every name the page may ask for; the players come from their packages. */
const FILES: Readonly<Record<string, () => string>> = {
  "index.html": () => import.meta.resolve("./public/index.html"),
  "style.css": () => import.meta.resolve("./public/style.css"),
  "app.js": () => import.meta.resolve("./public/app.js"),
  "assets.js": () => import.meta.resolve("./public/assets.js"),
  "format.js": () => import.meta.resolve("./public/format.js"),
  "player.js": () => import.meta.resolve("./public/player.js"),
  "engines.js": () => import.meta.resolve("./public/engines.js"),
  "hls.js": () => import.meta.resolve("hls.js/dist/hls.min.mjs"),
  "shaka.js": () => import.meta.resolve("shaka-player/dist/shaka-player.compiled.js"),
};
const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
};
/** Players play from blob: URLs and hls.js demuxes in a blob: worker. */
const POLICY =
  "default-src 'self'; script-src 'self' blob:; worker-src 'self' blob:; media-src 'self' blob:; img-src 'self' data: blob:; connect-src 'self' blob: data:; base-uri 'none'; frame-ancestors 'none'";

/** The file of this name; undefined for any name the page does not consist of. */
export async function pageFile(name: string): Promise<PageFile | undefined> {
  const locate = Object.hasOwn(FILES, name) ? FILES[name] : undefined;
  if (!locate) return undefined;
  const headers = { "content-type": TYPES[extname(name)] ?? "text/plain", "cache-control": "no-cache", "content-security-policy": POLICY };
  return { headers, body: await readFile(new URL(locate())) };
}
