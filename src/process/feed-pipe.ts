import { constants, createReadStream, open } from "node:fs";
import { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

/** The writing end of a named pipe. */
export interface PipeFeed extends AsyncDisposable {
  /** Sends a file from `offset` to its end; resolves when all of it is in the pipe. Rejects when the reader is gone. */
  send(path: string, offset: number): Promise<void>;
}

const ASK_AGAIN_MS = 20;
const BLOCK_BYTES = 256 * 1024;
const openFile = promisify(open);

/**
 * Opens a named pipe for writing once somebody reads it; disposing of it is the reader's end of file. It never blocks: an
 * open without a reader would hold one of the four threads that all file access of the process shares. Rejects with the
 * signal's reason, as `send` does.
 */
export async function openFeed(path: string, signal: AbortSignal): Promise<PipeFeed> {
  const socket = new Socket({ fd: await openWhenRead(path, signal), readable: false, writable: true });
  // A failure between two sends is the next one's.
  socket.on("error", () => undefined);
  const onAbort = (): void => void socket.destroy();
  signal.addEventListener("abort", onAbort, { once: true });
  const write = async (block: Uint8Array): Promise<void> =>
    new Promise((resolve, reject) => socket.write(block, (error) => (error ? reject(error) : resolve())));
  return {
    send: async (file, offset) => {
      const blocks: AsyncIterable<Buffer> = createReadStream(file, { start: offset, highWaterMark: BLOCK_BYTES });
      for await (const block of blocks) {
        signal.throwIfAborted();
        await write(block);
      }
    },
    [Symbol.asyncDispose]: async () => {
      signal.removeEventListener("abort", onAbort);
      const closed = new Promise<void>((resolve) => (socket.closed ? resolve() : socket.once("close", () => resolve())));
      socket.destroy();
      await closed;
    },
  };
}

async function openWhenRead(path: string, signal: AbortSignal): Promise<number> {
  for (;;) {
    signal.throwIfAborted();
    try {
      return await openFile(path, constants.O_WRONLY | constants.O_NONBLOCK);
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ENXIO")) throw error;
    }
    await sleep(ASK_AGAIN_MS, undefined, { signal });
  }
}
