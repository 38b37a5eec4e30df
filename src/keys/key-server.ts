import { KeyUnavailableError } from "../domain/errors.ts";

/** What a key server is told: enough to give each asset, or each revision of one, a key of its own. */
export interface KeyRequest {
  readonly assetPath: string;
  readonly revision: string;
  readonly scheme: string;
}

export interface KeyServer {
  readonly url: string;
  readonly timeoutSeconds: number;
  readonly authorization?: string;
}

/** A key and its id, and room for what else a server says. */
const MAX_ANSWER_BYTES = 16 * 1024;

/**
 * Asks a key server by POST and resolves to the text of its answer. No redirect is followed: the key goes over the
 * connection that was configured or not at all. Throws KeyUnavailableError or the signal's reason.
 */
export async function askKeyServer(server: KeyServer, request: KeyRequest, signal: AbortSignal): Promise<string> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(server.timeoutSeconds * 1000)]);
  try {
    const response = await fetch(server.url, {
      method: "POST",
      redirect: "error",
      signal: limit,
      headers: {
        "content-type": "application/json",
        accept: "application/json",
        ...(server.authorization === undefined ? {} : { authorization: server.authorization }),
      },
      body: JSON.stringify(request),
    });
    if (!response.ok) {
      await response.body?.cancel();
      throw new KeyUnavailableError(`the key server answers ${response.status}`);
    }
    return await boundedText(response);
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof KeyUnavailableError) throw cause;
    if (limit.aborted) throw new KeyUnavailableError(`the key server gave no answer within ${server.timeoutSeconds} s`);
    throw new KeyUnavailableError("the key server cannot be reached", { cause });
  }
}

async function boundedText({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of body ?? []) {
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_ANSWER_BYTES) throw new KeyUnavailableError(`the key server's answer is above ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
