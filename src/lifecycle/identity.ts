import type { Imds } from "./imds.ts";

/** Which EC2 instance this is; a fact that its metadata does not tell is "unknown". */
export interface InstanceIdentity {
  /** i-0123456789abcdef0. */
  readonly instanceId: string;
  /** c8g.xlarge. */
  readonly instanceType: string;
  /** eu-central-1a. */
  readonly zone: string;
}

/** Reads what this instance is, for logs and metrics; undefined when not even its id can be read. Never rejects. */
export async function readIdentity(imds: Imds): Promise<InstanceIdentity | undefined> {
  const [instanceId, instanceType, zone] = await Promise.all(
    ["instance-id", "instance-type", "placement/availability-zone"].map(async (path) =>
      imds
        .read(path)
        .catch(() => imds.read(path))
        .catch(() => undefined),
    ),
  );
  if (instanceId === undefined) return undefined;
  return { instanceId, instanceType: instanceType ?? "unknown", zone: zone ?? "unknown" };
}
