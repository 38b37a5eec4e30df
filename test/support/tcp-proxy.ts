import { once } from "node:events";
import type { Socket } from "node:net";
import { connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { listen } from "../../src/cli/dev/listen.ts";

/** What becomes of the bytes of one direction. */
export interface Weather {
  /** Each piece waits so long. */
  readonly latencyMs?: number;
  readonly bytesPerSecond?: number;
  /** What happens to a connection once it has carried so many bytes in this weather. */
  readonly after?: {
    readonly bytes: number;
    readonly how: "stall" | "reset" | "end";
    /** How many connections it strikes; all of them when absent. */
    readonly times?: number;
  };
}

/** Nothing passes any more, and nobody says so. */
export const BLACK_HOLE: Weather = { after: { bytes: 0, how: "stall" } };

type Direction = "up" | "down";

/** A TCP proxy whose network can be spoilt while it runs. */
export interface TcpProxy extends AsyncDisposable {
  readonly endpoint: string;
  /** From now on, for open and new connections alike; `up` is towards the server. A direction that is left out is fair. */
  weather(weather: Readonly<Partial<Record<Direction, Weather>>>): void;
  /** Breaks every connection, and refuses new ones until `accept`. */
  refuse(): Promise<void>;
  accept(): Promise<void>;
  /** Connections that were made so far. */
  connections(): number;
}

/** One direction of all connections. */
interface Sky {
  now: Weather;
  /** Resolves when the weather changes. */
  changed: PromiseWithResolvers<void>;
  struck: number;
}

const newSky = (now: Weather = {}): Sky => ({ now, changed: Promise.withResolvers(), struck: 0 });

/** Starts a proxy on 127.0.0.1 before the server of `endpoint`. */
export async function startTcpProxy(endpoint: string): Promise<TcpProxy> {
  const { hostname, port: serverPort } = new URL(endpoint);
  const skies: Record<Direction, Sky> = { up: newSky(), down: newSky() };
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((client) => {
    connections += 1;
    const upstream = connect({ host: hostname, port: Number(serverPort) });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true).on("error", () => undefined);
      socket.once("close", () => sockets.delete(socket));
    }
    const pump = (from: Socket, to: Socket, direction: Direction): void =>
      void carry(from, to, () => skies[direction]).catch(() => undefined);
    pump(client, upstream, "up");
    pump(upstream, client, "down");
    client.once("close", () => upstream.destroy());
    upstream.once("close", () => client.destroy());
  });
  const { url, port } = await listen(server, 0);
  const close = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, "close");
    server.close();
    for (const socket of sockets) socket.resetAndDestroy();
    await closed;
  };
  return {
    endpoint: url,
    weather: (next) => {
      for (const direction of ["up", "down"] as const) {
        const before = skies[direction];
        skies[direction] = newSky(next[direction]);
        before.changed.resolve();
      }
    },
    refuse: close,
    accept: async () => {
      await listen(server, port);
    },
    connections: () => connections,
    [Symbol.asyncDispose]: close,
  };
}

async function carry(from: Socket, to: Socket, skyNow: () => Sky): Promise<void> {
  let sky = skyNow();
  let carried = 0;
  const pieces = queueOf(from);
  for (let rest = await pieces.next(); rest;) {
    if (sky !== skyNow()) carried = 0;
    sky = skyNow();
    const room = roomOf(sky, carried);
    if (room <= 0) {
      sky.struck += 1;
      if (sky.now.after?.how !== "stall") return strike(sky, [from, to]);
      await sky.changed.promise;
      continue;
    }
    const piece = rest.subarray(0, Math.min(room, pieceBytes(sky.now)));
    await delay(sky.now, piece.length);
    if (!to.write(piece)) await once(to, "drain");
    carried += piece.length;
    rest = piece.length < rest.length ? rest.subarray(piece.length) : await pieces.next();
  }
  to.end();
}

/** What a socket sends, read at once: a socket that nobody reads does not tell that its other end is gone. */
function queueOf(socket: Socket): { next(): Promise<Buffer | undefined> } {
  const chunks: Buffer[] = [];
  let more = Promise.withResolvers<void>();
  const state = { ended: false };
  const tell = (): void => {
    more.resolve();
    more = Promise.withResolvers();
  };
  socket.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    tell();
  });
  socket.once("end", () => {
    state.ended = true;
    tell();
  });
  return {
    next: async () => {
      while (chunks.length === 0 && !state.ended) await more.promise;
      return chunks.shift();
    },
  };
}

const roomOf = ({ now: { after }, struck }: Sky, carried: number): number =>
  after === undefined || struck >= (after.times ?? Infinity) ? Infinity : after.bytes - carried;

function strike({ now }: Sky, sockets: readonly Socket[]): void {
  for (const socket of sockets) {
    if (now.after?.how === "reset") socket.resetAndDestroy();
    else socket.destroy();
  }
}

/** A slow line passes twenty pieces a second. */
const pieceBytes = ({ bytesPerSecond = Infinity }: Weather): number => Math.max(1, Math.ceil(bytesPerSecond / 20));

async function delay({ latencyMs = 0, bytesPerSecond = Infinity }: Weather, bytes: number): Promise<void> {
  const ms = latencyMs + (bytes / bytesPerSecond) * 1000;
  if (ms > 0) await sleep(ms);
}
