import type { Origin, OriginOptions } from "./origin.ts";
import { startOrigin } from "./origin.ts";
import { UsageError } from "../usage.ts";

const USUAL_PORT = 8080;

/** The origin at the port that was asked for, or at 8080, or at any free one. Throws UsageError when the one asked for is taken. */
export async function openOrigin(options: Omit<OriginOptions, "port">, port: number | undefined): Promise<Origin> {
  try {
    return await startOrigin({ ...options, port: port ?? USUAL_PORT });
  } catch (error) {
    if (!isTaken(error)) throw error;
    if (port !== undefined) throw new UsageError(`--port: ${port} cannot be used on 127.0.0.1`, { cause: error });
    return startOrigin({ ...options, port: 0 });
  }
}

const isTaken = (error: unknown): boolean =>
  error instanceof Error && "code" in error && (error.code === "EADDRINUSE" || error.code === "EACCES");
