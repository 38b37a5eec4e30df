import type { Environment } from "../../config/config.ts";

/** What would lead the AWS SDK away from the embedded AWS, or the worker to a queue that is not there. */
const DISTRACTING =
  /^(?:AWS_(?:PROFILE|DEFAULT_PROFILE|DEFAULT_REGION|SESSION_TOKEN|WEB_IDENTITY_TOKEN_FILE|ROLE_ARN|CONTAINER_CREDENTIALS_.*|ENDPOINT_URL_.*|IGNORE_CONFIGURED_ENDPOINT_URLS|USE_.*_ENDPOINT)|LADDERD_EVENTS_QUEUE_URL)$/;

/** The environment with the embedded AWS in force: `settings` over it, without what distracts. */
export const embeddedEnvironment = (env: Environment, settings: Readonly<Record<string, string>>): Environment => ({
  ...Object.fromEntries(Object.entries(env).filter(([name]) => !DISTRACTING.test(name))),
  ...settings,
});

/**
 * Puts `wanted` into `env` itself and returns what undoes it. The AWS SDK reads endpoint and credentials from the
 * process's environment and from nowhere else we could reach, so this is meant for the one that the entry point hands in.
 */
export function enterEnvironment(env: Environment, wanted: Environment): () => void {
  const before = { ...env };
  replace(env, wanted);
  return () => replace(env, before);
}

function replace(env: Environment, wanted: Environment): void {
  for (const name of Object.keys(env)) if (wanted[name] === undefined) Reflect.deleteProperty(env, name);
  for (const [name, value] of Object.entries(wanted)) if (value !== undefined && env[name] !== value) Reflect.set(env, name, value);
}
