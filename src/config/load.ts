import { join, resolve } from "node:path";

import convict from "convict";

import type { Ladder } from "../domain/ladder.ts";
import type { Config, DaemonConfig, Environment, Settings } from "./config.ts";
import { ConfigError } from "./config-error.ts";
import { endpointOverrides, knownVariables, SCHEMA_KEYS, unknownVariables } from "./environment.ts";
import { FORMATS } from "./formats.ts";
import { environmentSecretOf, layoutProblems, missingSecrets, secretVariables } from "./ladder-encryption.ts";
import { loadLadders } from "./ladders.ts";
import { CONFIG_DIRECTORY, packagedPackager } from "./paths.ts";
import { findProgram } from "./programs.ts";
import { readJson } from "./read-json.ts";
import { ruleProblems } from "./rules.ts";
import { schema } from "./schema.ts";

convict.addFormats({ ...FORMATS });

export interface LoadOptions {
  readonly env: Environment;
  /** Where default.json and <NODE_ENV>.json are; the package's config folder unless a test says otherwise. */
  readonly directory?: string;
}

/**
 * The configuration from schema defaults, config/default.json, config/<NODE_ENV>.json and the environment, each over the
 * one before. Throws ConfigError with every problem of form and between settings at once.
 */
export function loadConfig({ env, directory = CONFIG_DIRECTORY }: LoadOptions): Config {
  const environment = env["NODE_ENV"]?.trim() || "development";
  const read = readSettings(env, directory, environment);
  const ladders = readLadders();
  const secrets = [...secretVariables(ladders.found.values()), ...(read.formed ? webhookVariables(read.settings) : [])];
  const wrongKeys = new Set(read.problems.map((problem) => problem.split(/[: ]/)[0] ?? ""));
  if (ladders.problems.length > 0) wrongKeys.add("ladder");
  const input = { settings: read.settings, env, environment, ladders: [...ladders.found.keys()] };
  const between = read.formed ? ruleProblems(input, wrongKeys) : [];
  const layout = read.formed ? layoutProblems(ladders.found, read.settings) : [];
  const problems = [...unknownVariables(env, secrets), ...read.problems, ...ladders.problems, ...between, ...layout];
  if (problems.length > 0) throw new ConfigError(problems);
  return complete(read.settings, { environment, env, secrets });
}

/** The same configuration with what `start` cannot do without. Throws ConfigError naming everything that is missing. */
export function requireDaemonSettings(config: Config): DaemonConfig {
  const { queueUrl, publishBucket, stateBucket } = config;
  const secrets = [...missingSecrets(loadLadders(), config), ...missingWebhookSecret(config)];
  const isComplete = secrets.length === 0 && config.uploadBuckets.length > 0;
  if (isComplete && queueUrl !== undefined && publishBucket !== undefined && stateBucket !== undefined) {
    return Object.freeze({ ...config, queueUrl, publishBucket, stateBucket });
  }
  const needed = { queueUrl, uploadBuckets: config.uploadBuckets[0], publishBucket, stateBucket };
  const missing = Object.entries(needed).flatMap(([key, value]) =>
    value === undefined ? [`${key} (${variableOf(key)}): is required to start`] : [],
  );
  throw new ConfigError([...missing, ...secrets]);
}

/** The environment variable that the webhook's secret refers to. */
function webhookVariables({ notify }: Pick<Settings, "notify">): readonly string[] {
  const { secret } = notify.webhook;
  return typeof secret === "string" && secret.startsWith("env:") ? [secret.slice("env:".length)] : [];
}

const missingWebhookSecret = (config: Config): readonly string[] =>
  webhookVariables(config)
    .filter((name) => config.environmentSecret(name) === undefined)
    .map((name) => `${name}: is not set, and notify.webhook.secret takes the secret from it`);

interface Read {
  readonly settings: Settings;
  /** False when a file could not be laid over the schema: values may then be of any type. */
  readonly formed: boolean;
  readonly problems: readonly string[];
}

function readSettings(env: Environment, directory: string, environment: string): Read {
  const config = convict(schema, { env: knownVariables(env), args: [] });
  const problems = ["default", environment].flatMap((name) => {
    const { value, problem } = readJson(join(directory, `${name}.json`), `config/${name}.json`);
    return problem ?? overlay(config, value, `config/${name}.json`) ?? [];
  });
  const formed = problems.length === 0;
  return { settings: config.getProperties(), formed, problems: [...problems, ...validationProblems(config)] };
}

/** convict throws in the middle of an overlay when a file has a group where a value belongs. */
function overlay(config: convict.Config<Settings>, value: unknown, file: string): string | undefined {
  try {
    config.load(value);
    return undefined;
  } catch (error) {
    return `${file}: does not have the schema's form: ${String(error)}`;
  }
}

function validationProblems(config: convict.Config<Settings>): readonly string[] {
  try {
    config.validate({ allowed: "strict" });
    return [];
  } catch (error) {
    return error instanceof Error ? error.message.split("\n").map((line) => withVariable(line)) : [String(error)];
  }
}

function readLadders(): { readonly found: ReadonlyMap<string, Ladder>; readonly problems: readonly string[] } {
  try {
    return { found: loadLadders(), problems: [] };
  } catch (error) {
    if (error instanceof ConfigError) return { found: new Map(), problems: error.problems };
    throw error;
  }
}

interface Surroundings {
  readonly environment: string;
  readonly env: Environment;
  readonly secrets: readonly string[];
}

/** Programs become files here, once: children get a PATH of their own, and what is checked must be what runs. */
function complete(settings: Settings, { environment, env, secrets }: Surroundings): Config {
  const { path, probePath } = settings.ffmpeg;
  return frozen({
    ...settings,
    ffmpeg: {
      ...settings.ffmpeg,
      path: findProgram(path, env["PATH"]) ?? path,
      probePath: findProgram(probePath, env["PATH"]) ?? probePath,
    },
    publishPrefix: settings.publishPrefix.replace(/(?<=[^/])$/, "/"),
    workDir: resolve(settings.workDir),
    packager: { path: settings.packager.path || packagedPackager() },
    environment,
    endpointOverridden: endpointOverrides(env).length > 0,
    ...autoScalingEndpointOf(env),
    environmentSecret: environmentSecretOf(env, secrets),
  });
}

/** The service's own variable comes before the one for all services, as in the SDK. */
function autoScalingEndpointOf(env: Environment): Pick<Config, "autoScalingEndpoint"> {
  const names = ["AWS_ENDPOINT_URL_AUTO_SCALING", "AWS_ENDPOINT_URL"];
  const found = names.flatMap((name) => endpointOverrides(env).filter((override) => override.name === name))[0];
  return found ? { autoScalingEndpoint: found.url } : {};
}

const variableOf = (key: string): string => SCHEMA_KEYS.find((entry) => entry.key === key)?.env ?? "";

/** "http.port: must be…" becomes "http.port (LADDERD_HTTP_PORT): must be…". */
function withVariable(problem: string): string {
  const key = problem.split(":")[0] ?? "";
  const variable = variableOf(key);
  return variable ? `${key} (${variable})${problem.slice(key.length)}` : problem;
}

/** Frozen to the last leaf, and without the keys that nobody set. */
function frozen<T extends object>(value: T): T {
  for (const [key, inner] of Object.entries(value)) {
    if (inner === undefined) Reflect.deleteProperty(value, key);
    else if (typeof inner === "object" && inner !== null) frozen(inner);
  }
  return Object.freeze(value);
}
