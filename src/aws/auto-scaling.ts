import type { SQSClient } from "@aws-sdk/client-sqs";
import type { AutoScaling } from "../lifecycle/auto-scaling.ts";
import { createSqsClient } from "./clients.ts";
import type { Credentials } from "./credentials.ts";

export interface AutoScalingSettings {
  readonly region: string;
  /** Instead of the region's own. */
  readonly endpoint?: string | undefined;
  readonly credentials?: Credentials | undefined;
}

const API_VERSION = "2011-01-01";
const TIMEOUT_MS = 5000;
const TERMINATING = "autoscaling:EC2_INSTANCE_TERMINATING";

/**
 * EC2 Auto Scaling over its query protocol, signed with the credentials and by the signer of an SQS client that is never
 * called: five requests do not need a client of their own in every worker. One try of at most 5 s a call; rejects with the
 * service's code.
 */
export function createAutoScaling({ region, endpoint, credentials }: AutoScalingSettings): AutoScaling {
  const client = createSqsClient({ region, endpointOverridden: false, credentials });
  const call = async (action: string, parameters: Readonly<Record<string, string>>): Promise<string> =>
    post({ client, region, endpoint }, new URLSearchParams({ Action: action, Version: API_VERSION, ...parameters }).toString());
  return {
    groupOf: async (instanceId) => {
      const answer = await call("DescribeAutoScalingInstances", { "InstanceIds.member.1": instanceId });
      return element(answer, "AutoScalingGroupName");
    },
    terminationHooks: async (group) => {
      const answer = await call("DescribeLifecycleHooks", { AutoScalingGroupName: group });
      return members(answer)
        .filter((hook) => element(hook, "LifecycleTransition") === TERMINATING)
        .map((hook) => ({
          name: element(hook, "LifecycleHookName") ?? "",
          timeoutSeconds: Number(element(hook, "HeartbeatTimeout") ?? DEFAULT_TIMEOUT_SECONDS),
        }));
    },
    heartbeat: async ({ group, hook, instanceId }) => {
      await call("RecordLifecycleActionHeartbeat", { AutoScalingGroupName: group, LifecycleHookName: hook, InstanceId: instanceId });
    },
    complete: async ({ group, hook, instanceId }) => {
      await call("CompleteLifecycleAction", {
        AutoScalingGroupName: group,
        LifecycleHookName: hook,
        InstanceId: instanceId,
        LifecycleActionResult: "CONTINUE",
      });
    },
    protect: async ({ group, instanceId, enabled }) => {
      await call("SetInstanceProtection", {
        AutoScalingGroupName: group,
        "InstanceIds.member.1": instanceId,
        ProtectedFromScaleIn: `${enabled}`,
      });
    },
  };
}

/** What a hook has that was made without one. */
const DEFAULT_TIMEOUT_SECONDS = 3600;

const endpointOf = (region: string): string => `https://autoscaling.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}/`;

async function post({ client, region, endpoint }: AutoScalingSettings & { client: SQSClient }, body: string): Promise<string> {
  const url = new URL(endpoint ?? endpointOf(region));
  const signer = await client.config.signer({ name: "sigv4", signingName: "autoscaling", signingRegion: region, properties: {} });
  const request = {
    method: "POST",
    protocol: url.protocol,
    hostname: url.hostname,
    ...(url.port === "" ? {} : { port: Number(url.port) }),
    path: url.pathname,
    query: {},
    headers: { host: url.host, "content-type": "application/x-www-form-urlencoded; charset=utf-8" },
    body,
  };
  const { headers } = await signer.sign(request, {});
  const answer = await fetch(url, { method: "POST", headers, body, redirect: "error", signal: AbortSignal.timeout(TIMEOUT_MS) });
  const text = await answer.text();
  if (!answer.ok) {
    const code = element(text, "Code") ?? "no code";
    throw new Error(`Auto Scaling answers ${answer.status} ${code}: ${element(text, "Message") ?? ""}`);
  }
  return text;
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** The text of the first element of this name; answers hold each of the names we read once a member, without attributes. */
function element(xml: string, name: string): string | undefined {
  const text = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
  return text?.replace(/&(\w+);/g, (entity, word: string) => ENTITIES[word] ?? entity);
}

const members = (xml: string): readonly string[] => xml.split("<member>").slice(1);
