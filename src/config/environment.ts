import type { Environment } from "./config.ts";
import { closestName } from "./closest-name.ts";
import { schema } from "./schema.ts";

/** A key of the schema with what its entry says about it. */
export interface SchemaKey {
  readonly key: string;
  readonly env: string;
  readonly doc: string;
  readonly fallback: unknown;
}

/** All keys of the schema in its order, dotted. */
export const SCHEMA_KEYS: readonly SchemaKey[] = entriesOf(schema, "");

function entriesOf(node: object, prefix: string): readonly SchemaKey[] {
  return Object.entries(node).flatMap(([name, entry]: [string, unknown]) => {
    if (typeof entry !== "object" || entry === null) return [];
    if (!("default" in entry)) return entriesOf(entry, `${prefix}${name}.`);
    const { env, doc } = { env: "", doc: "", ...entry };
    return [{ key: `${prefix}${name}`, env, doc, fallback: entry.default }];
  });
}

/** The variables that set a key, without empty ones: an empty value means "not set" (systemd and compose files write it so). */
export function knownVariables(env: Environment): Record<string, string> {
  const set = SCHEMA_KEYS.flatMap(({ env: name }) => {
    const value = env[name];
    return value === undefined || value.trim() === "" ? [] : [[name, value] as const];
  });
  return Object.fromEntries(set);
}

/** One problem for each LADDERD_ variable that sets nothing and is no secret of a ladder, naming the closest that does. */
export function unknownVariables(env: Environment, secrets: readonly string[]): readonly string[] {
  const known = SCHEMA_KEYS.map((entry) => entry.env);
  return Object.keys(env)
    .filter((name) => name.startsWith("LADDERD_") && !known.includes(name) && !secrets.includes(name))
    .map((name) => `${name}: there is no such setting; did you mean ${closestName(name, known)}?`);
}

/** The endpoint overrides that the AWS SDK honours, in force here: name and URL. */
export function endpointOverrides(env: Environment): readonly { readonly name: string; readonly url: string }[] {
  return Object.entries(env).flatMap(([name, url]) => (/^AWS_ENDPOINT_URL(?:_|$)/.test(name) && url ? [{ name, url }] : []));
}
