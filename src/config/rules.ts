import type { Environment, Settings } from "./config.ts";
import { endpointOverrides } from "./environment.ts";

/** What the rules look at. */
export interface RuleInput {
  readonly settings: Settings;
  readonly env: Environment;
  readonly environment: string;
  readonly ladders: readonly string[];
}

interface Rule {
  /** The keys it reads: it is skipped when one of them is wrong by itself. */
  readonly keys: readonly string[];
  /** The problem, or undefined when the rule holds. */
  check(input: RuleInput): string | undefined;
}

/** SQS: a message can be hidden for 12 hours from its receive, never longer. */
const LONGEST_VISIBILITY_SECONDS = 43_200;
/** Fails when PM2 or systemd would kill before the drain has had time to release what it could not finish. */
const SHORTEST_KILL_MARGIN_SECONDS = 1;

const RULES: readonly Rule[] = [
  {
    keys: ["lease.extendSeconds", "lease.visibilitySeconds"],
    check: ({ settings: { lease } }) =>
      lease.extendSeconds < lease.visibilitySeconds / 2
        ? undefined
        : `lease.extendSeconds: ${lease.extendSeconds} is not below half of lease.visibilitySeconds (${lease.visibilitySeconds}); one failed extension would lose the lease`,
  },
  {
    keys: ["lease.visibilitySeconds"],
    check: ({ settings: { lease } }) =>
      lease.visibilitySeconds <= LONGEST_VISIBILITY_SECONDS
        ? undefined
        : `lease.visibilitySeconds: ${lease.visibilitySeconds} is above SQS's limit of ${LONGEST_VISIBILITY_SECONDS}`,
  },
  {
    keys: ["lease.marginSeconds", "lease.visibilitySeconds"],
    check: ({ settings: { lease } }) =>
      lease.marginSeconds < lease.visibilitySeconds
        ? undefined
        : `lease.marginSeconds: ${lease.marginSeconds} is not below lease.visibilitySeconds (${lease.visibilitySeconds})`,
  },
  {
    keys: ["drainSeconds", "killTimeoutSeconds"],
    check: ({ settings: { drainSeconds, killTimeoutSeconds } }) =>
      drainSeconds + SHORTEST_KILL_MARGIN_SECONDS <= killTimeoutSeconds
        ? undefined
        : `drainSeconds: ${drainSeconds} is not below killTimeoutSeconds (${killTimeoutSeconds}); the process manager would kill a job that may still finish`,
  },
  {
    keys: ["drainSeconds"],
    check: ({ settings: { drainSeconds }, env }) => {
      const killSeconds = pm2KillSeconds(env);
      return killSeconds === undefined || drainSeconds + SHORTEST_KILL_MARGIN_SECONDS <= killSeconds
        ? undefined
        : `drainSeconds: ${drainSeconds} is not below PM2's kill_timeout (${killSeconds} s); start it with ecosystem.config.js, and after a change of LADDERD_KILL_TIMEOUT_SECONDS with --update-env`;
    },
  },
  {
    keys: ["interruptions", "scaleInProtection"],
    check: ({ settings: { interruptions, scaleInProtection } }) =>
      interruptions === "off" && scaleInProtection
        ? "scaleInProtection: needs the instance metadata, which interruptions (LADDERD_INTERRUPTIONS) turns off"
        : undefined,
  },
  { keys: ["queueUrl", "region"], check: ({ settings }) => regionProblem("queueUrl", settings.queueUrl, settings.region) },
  {
    keys: ["eventsQueueUrl", "region"],
    check: ({ settings }) => regionProblem("eventsQueueUrl", settings.eventsQueueUrl, settings.region),
  },
  {
    keys: ["queueUrl", "eventsQueueUrl"],
    check: ({ settings: { queueUrl, eventsQueueUrl } }) =>
      queueUrl !== undefined && queueUrl === eventsQueueUrl
        ? "eventsQueueUrl: is the same queue as queueUrl; jobs and events need one each"
        : undefined,
  },
  {
    keys: ["publishBucket", "uploadBuckets", "publishPrefix"],
    check: ({ settings: { publishBucket, uploadBuckets, publishPrefix } }) =>
      publishBucket !== undefined && uploadBuckets.includes(publishBucket) && publishPrefix === ""
        ? `publishBucket: ${publishBucket} is an upload bucket too; what is published there would be transcoded again: take another bucket or set publishPrefix (LADDERD_PUBLISH_PREFIX)`
        : undefined,
  },
  {
    keys: ["stateBucket", "uploadBuckets"],
    check: ({ settings: { stateBucket, uploadBuckets } }) =>
      stateBucket !== undefined && uploadBuckets.includes(stateBucket)
        ? `stateBucket: ${stateBucket} is an upload bucket too; each record would raise a job: take another bucket`
        : undefined,
  },
  {
    keys: ["ladder"],
    check: ({ settings: { ladder }, ladders }) =>
      ladders.includes(ladder)
        ? undefined
        : `ladder: there is no ladder ${JSON.stringify(ladder)} in config/ladders (${ladders.join(", ")})`,
  },
  {
    keys: ["engines", "mediaconvert.role"],
    check: ({ settings: { engines, mediaconvert } }) =>
      engines.includes("mediaconvert") && mediaconvert.role === undefined
        ? "mediaconvert.role (LADDERD_MEDIACONVERT_ROLE): is required for engine mediaconvert"
        : undefined,
  },
  {
    keys: ["engines", "elasticTranscoder.pipelineId"],
    check: ({ settings: { engines, elasticTranscoder } }) =>
      engines.includes("elastic-transcoder") && elasticTranscoder.pipelineId === undefined
        ? "elasticTranscoder.pipelineId (LADDERD_ELASTIC_TRANSCODER_PIPELINE_ID): is required for engine elastic-transcoder"
        : undefined,
  },
  {
    keys: ["circuit.openSeconds", "circuit.maximumOpenSeconds"],
    check: ({ settings: { circuit } }) =>
      circuit.openSeconds <= circuit.maximumOpenSeconds
        ? undefined
        : `circuit.openSeconds: ${circuit.openSeconds} is above circuit.maximumOpenSeconds (${circuit.maximumOpenSeconds})`,
  },
  {
    keys: ["notify.webhook.url", "notify.webhook.secret"],
    check: ({ settings: { notify }, environment }) => webhookProblem(notify.webhook, environment),
  },
  {
    keys: ["workDir"],
    check: ({ settings: { workDir } }) =>
      /[,$]/.test(workDir) ? `workDir: ${JSON.stringify(workDir)} holds a comma or a $, which are syntax to the packager` : undefined,
  },
  {
    keys: ["failpoint"],
    check: ({ settings: { failpoint }, environment }) =>
      failpoint !== undefined && environment === "production"
        ? "failpoint: a worker in production does not kill itself; unset it"
        : undefined,
  },
  { keys: [], check: endpointProblem },
];

/** What PM2 takes when nobody sets kill_timeout. */
const PM2_KILL_MS = 1600;

/** PM2 hands its settings to its child as variables; what others of its children start inherits them, too. */
const isPm2Ours = (env: Environment): boolean => /(?:^|\/)main\.[jt]s$/.test(env["pm_exec_path"] ?? "");

/** When PM2 would kill this process (R-D4); undefined without PM2. */
function pm2KillSeconds(env: Environment): number | undefined {
  if (!isPm2Ours(env)) return undefined;
  const killMs = Number(env["kill_timeout"] || PM2_KILL_MS);
  return Number.isFinite(killMs) ? killMs / 1000 : undefined;
}

/** The problems between settings: every rule whose keys are right by themselves and which does not hold. */
export function ruleProblems(input: RuleInput, wrongKeys: ReadonlySet<string>): readonly string[] {
  return RULES.filter(({ keys }) => !keys.some((key) => wrongKeys.has(key))).flatMap((rule) => rule.check(input) ?? []);
}

/** What is allowed and yet worth a warning in production: variables that change how every program of the process behaves. */
export function environmentWarnings(env: Environment): readonly string[] {
  const treekill = isPm2Ours(env) && env["treekill"] !== "false";
  return [
    ...Object.keys(env)
      .filter((name) => env[name] && /^(?:NODE_OPTIONS|(?:https?|all)_proxy)$/i.test(name))
      .map((name) => `${name} is set: it changes how this process runs or what it connects to`),
    // RELIABILITY.md E7: PM2 then signals ffmpeg in the same instant, and no job can finish in a drain.
    ...(treekill ? ["PM2's treekill is on: a stop ends running jobs at once; start it with ecosystem.config.js"] : []),
  ];
}

/** Host names of SQS carry the region, also those of FIPS and VPC endpoints. */
function regionProblem(key: string, url: string | undefined, region: string): string | undefined {
  const host = url === undefined ? "" : new URL(url).hostname;
  const named = /(?:^|\.)sqs(?:-fips)?\.([a-z0-9-]+)\.(?:vpce\.)?amazonaws\.com/.exec(host)?.[1];
  return named === undefined || named === region ? undefined : `${key}: the queue is in ${named}, region (AWS_REGION) is ${region}`;
}

/** Asset paths and keys of sources are not for whoever listens on the way, and an address in a URL's user part ends in logs. */
function webhookProblem({ url, secret }: Settings["notify"]["webhook"], environment: string): string | undefined {
  if (url === undefined) return undefined;
  const { protocol, username, password } = new URL(url);
  if (secret === undefined) return "notify.webhook.secret (LADDERD_NOTIFY_WEBHOOK_SECRET): is required for notify.webhook.url";
  if (username !== "" || password !== "") return "notify.webhook.url: must not hold a user or a password; the secret signs instead";
  if (protocol !== "https:" && environment !== "development") return "notify.webhook.url: must be https outside development";
  return undefined;
}

function endpointProblem({ env, environment }: RuleInput): string | undefined {
  if (environment !== "production") return undefined;
  const open = endpointOverrides(env).find(({ url }) => !URL.canParse(url) || leavesTheMachineInClear(new URL(url)));
  return open && `${open.name}: must be https or a loopback address in production; requests and uploads would travel in clear`;
}

function leavesTheMachineInClear({ protocol, hostname }: URL): boolean {
  const loopback = hostname === "localhost" || hostname === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(hostname);
  return protocol !== "https:" && !loopback;
}
