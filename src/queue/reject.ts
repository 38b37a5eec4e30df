import type { z } from "zod";
import { InvalidJobError } from "../domain/errors.ts";
import type { Entry } from "./entry.ts";

type Code = InvalidJobError["code"];

/** An entry that will never succeed, with its reason. */
export const rejected = (code: Code, reason: string): Entry => ({ kind: "rejected", error: new InvalidJobError(code, reason) });

/** An entry that asks for nothing of us. */
export const ignored = (reason: string): Entry => ({ kind: "ignored", reason });

/** The same for what should never have come: nothing is lost by it, but somebody must mend where events are sent. */
export const misrouted = (reason: string): Entry => ({ kind: "ignored", reason, isMisrouted: true });

/** A job_malformed entry that names each field the schema refused (the first three of them). */
export function malformed(error: z.ZodError, what: string): Entry {
  const problems = error.issues.slice(0, 3).map(({ path, message }) => `${path.map(String).join(".") || "body"}: ${message}`);
  return rejected("job_malformed", `${what}: ${problems.join("; ")}`);
}
