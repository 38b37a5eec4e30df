import { once } from "node:events";
import type { Server } from "node:net";

/** Listens on 127.0.0.1 at this port (0: any free one) and resolves with the address. Rejects when the port is taken. */
export async function listen(server: Server, port: number): Promise<{ readonly url: string; readonly port: number }> {
  server.listen({ host: "127.0.0.1", port });
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not a TCP server");
  return { url: `http://127.0.0.1:${address.port}`, port: address.port };
}
