import type { AwsRequest } from "../telemetry/metric-labels.ts";

/** Inside the SDK's retries: each try counts. */
export const COUNTED_STEP = { step: "finalizeRequest", priority: "low", name: "countRequests" } as const;

/** A middleware for COUNTED_STEP that reports every request of a client when it has ended. */
export function requestCounter(service: AwsRequest["service"], report: (request: AwsRequest) => void) {
  return <Given, Answer>(next: (given: Given) => Promise<Answer>, context: { readonly commandName?: string }) => {
    const operation = (context.commandName ?? "").replace(/Command$/, "");
    return async (given: Given): Promise<Answer> => {
      try {
        const answer = await next(given);
        report({ service, operation, result: "ok" });
        return answer;
      } catch (error) {
        report({ service, operation, result: resultOf(error) });
        throw error;
      }
    };
  };
}

function resultOf(error: unknown): AwsRequest["result"] {
  if (!(error instanceof Error)) return "no_answer";
  if (error.name === "AbortError") return "cancelled";
  const status = "$metadata" in error ? statusOf(error.$metadata) : undefined;
  if (status === undefined) return "no_answer";
  return status >= 500 ? "failed" : "refused";
}

function statusOf(metadata: unknown): number | undefined {
  const known = typeof metadata === "object" && metadata !== null && "httpStatusCode" in metadata ? metadata.httpStatusCode : undefined;
  return typeof known === "number" ? known : undefined;
}
