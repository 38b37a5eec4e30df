import { setTimeout as sleep } from "node:timers/promises";
import type { FailureClass } from "../engines/failure-class.ts";
import type { RemoteEngineName } from "../engines/remote.ts";
import { RemoteEngineError } from "../engines/remote.ts";
import type { LimiterDeps } from "../engines/token-bucket.ts";
import { createLimiter } from "../engines/token-bucket.ts";
import type { AwsRequest } from "../telemetry/metric-labels.ts";
import { clientIdentity, requestHandler } from "./clients.ts";
import type { Credentials } from "./credentials.ts";
import type { EngineCallKind } from "./engine-errors.ts";
import { translateEngineError } from "./engine-errors.ts";
import { retrying } from "./retry.ts";

/** How many requests a service takes of us, by what they are for. */
export interface EngineRates {
  readonly submitsPerSecond: number;
  readonly submitBurst: number;
  readonly readsPerSecond: number;
  readonly readBurst: number;
}

export interface EngineClientSettings {
  readonly region: string;
  /** Instead of what AWS_ENDPOINT_URL and its kin say, which the SDK reads itself. */
  readonly endpoint?: string | undefined;
  readonly credentials?: Credentials | undefined;
  readonly rates: EngineRates;
  /** Told of each request that ended. */
  readonly onRequest?: ((request: AwsRequest) => void) | undefined;
}

/** No byte for so long ends a request. */
const SOCKET_TIMEOUT_MS = 20_000;
const MAX_SOCKETS = 16;
const TRIES = 3;
const RETRY_PAUSE_MS = 500;

/** What the client of either service is made with. One attempt: tries are counted and paced here, so that each costs its token. */
export const engineClientConfig = ({ endpoint, ...settings }: EngineClientSettings) => ({
  ...clientIdentity(settings),
  ...(endpoint === undefined ? {} : { endpoint }),
  maxAttempts: 1,
  requestHandler: requestHandler({ socketTimeoutMs: SOCKET_TIMEOUT_MS, maxSockets: MAX_SOCKETS }),
});

/** One request of a kind, as often as it takes. */
export interface EngineRequest<T> {
  readonly operation: string;
  readonly kind: EngineCallKind;
  readonly send: (options: { readonly abortSignal: AbortSignal }) => Promise<T>;
}

export type CallEngine = <T>(request: EngineRequest<T>, signal: AbortSignal) => Promise<T>;

const DEPS: LimiterDeps = {
  nowMs: () => performance.now(),
  // An abort is told by the limiter, in its own words.
  sleep: async (ms, signal) => sleep(ms, undefined, { signal }).catch(() => undefined),
};

/** What the same request may meet no more a moment later. */
const AGAIN: ReadonlySet<FailureClass> = new Set(["quota", "retry", "service"]);

/** The one way to call a service: within its quotas, tried again where that is safe, its errors as RemoteEngineErrors. */
export function engineCaller(engine: RemoteEngineName, rates: EngineRates, deps: LimiterDeps = DEPS): CallEngine {
  const submits = createLimiter({ perSecond: rates.submitsPerSecond, burst: rates.submitBurst }, deps);
  const reads = createLimiter({ perSecond: rates.readsPerSecond, burst: rates.readBurst }, deps);
  return async ({ operation, kind, send }, signal) =>
    retrying(
      async () => {
        await (kind === "submit" ? submits : reads)(signal);
        try {
          return await send({ abortSignal: signal });
        } catch (error) {
          throw translateEngineError(error, { engine, operation, kind, signal });
        }
      },
      {
        tries: TRIES,
        pauseMs: RETRY_PAUSE_MS,
        signal,
        // A submit that may have made a job is not made again: it is looked for first.
        retryable: (error) => error instanceof RemoteEngineError && !error.unclear && AGAIN.has(error.failureClass),
      },
    );
}
