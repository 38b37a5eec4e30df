import type { EncodePlan } from "../domain/encode-plan.ts";
import type { RenditionFacts } from "./facts.ts";
import type { Presentation } from "./presentation.ts";
import type { Finding } from "./verify.ts";

/**
 * Everything that is wrong with the protection of the measured output: all of it is encrypted by the scheme of the plan
 * under the key of the job when that is asked for, and none of it when not.
 */
export function protectionDefects({ plan, video, audio }: Presentation, keyId: string | undefined): Finding[] {
  return [...video, ...audio].flatMap(({ rendition: { id }, facts }) => {
    const message = problemOf(facts, plan, keyId);
    return message === undefined ? [] : [{ check: "protection", rendition: id, message }];
  });
}

function problemOf({ protection }: RenditionFacts, { encryption }: EncodePlan, keyId: string | undefined): string | undefined {
  if (!encryption) return protection && "is encrypted, and nothing asked for that";
  if (!protection) return "is in clear";
  if (protection.scheme !== encryption.scheme) return `is encrypted by ${protection.scheme}, not ${encryption.scheme}`;
  return protection.keyId === keyId ? undefined : `is encrypted under key id ${protection.keyId}, not ${keyId}`;
}
