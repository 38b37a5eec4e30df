/** The instance metadata service of the machine we run on. */
export interface Imds {
  /** The text at a path below /latest/meta-data; undefined when there is none (404). Rejects when the service does not answer. */
  read(path: string): Promise<string | undefined>;
}

export interface ImdsOptions {
  /** http://169.254.169.254 on EC2. */
  readonly url: string;
  readonly timeoutMs?: number;
}

/** The longest life IMDSv2 gives a token; it is refreshed when it is refused, so its end needs no clock. */
const TOKEN_SECONDS = 21_600;
/** It is on the host: what takes longer does not answer. */
const TIMEOUT_MS = 1000;

/** Speaks IMDSv2: one token for all reads, a new one after a 401. */
export function openImds({ url, timeoutMs = TIMEOUT_MS }: ImdsOptions): Imds {
  let token: string | undefined;
  const ask = async (path: string, init: RequestInit): Promise<Response> =>
    fetch(new URL(`/latest/${path}`, url), { ...init, redirect: "error", signal: AbortSignal.timeout(timeoutMs) });
  const freshToken = async (): Promise<string> => {
    const answer = await ask("api/token", { method: "PUT", headers: { "x-aws-ec2-metadata-token-ttl-seconds": `${TOKEN_SECONDS}` } });
    return textOf(answer, "a token");
  };
  const get = async (path: string): Promise<Response> => {
    token ??= await freshToken();
    return ask(`meta-data/${path}`, { headers: { "x-aws-ec2-metadata-token": token } });
  };
  return {
    read: async (path) => {
      let answer = await get(path);
      if (answer.status === 401) {
        await answer.body?.cancel();
        token = undefined;
        answer = await get(path);
      }
      if (answer.status !== 404) return textOf(answer, path);
      await answer.body?.cancel();
      return undefined;
    },
  };
}

async function textOf(answer: Response, what: string): Promise<string> {
  if (answer.ok) return answer.text();
  await answer.body?.cancel();
  throw new Error(`the instance metadata service answers ${answer.status} for ${what}`);
}
