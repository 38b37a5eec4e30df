import type { Imds } from "./imds.ts";

/** Why this instance is about to go, most urgent first. */
export const NOTICES = ["spot", "asg", "rebalance"] as const;
export type Notice = (typeof NOTICES)[number];

/** What one look at the metadata showed; `failures` are the paths that could not be read. */
export interface Sighting {
  readonly notices: readonly Notice[];
  readonly failures: readonly unknown[];
}

/** Where each notice stands, and which text there means it. */
const PLACES: Readonly<Record<Notice, { readonly path: string; means(text: string): boolean }>> = {
  // Whatever it says: stop, hibernate and terminate all end the jobs within two minutes.
  spot: { path: "spot/instance-action", means: () => true },
  asg: { path: "autoscaling/target-lifecycle-state", means: (text) => text.trim() === "Terminated" },
  rebalance: { path: "events/recommendations/rebalance", means: () => true },
};

/** Looks at every place; one that cannot be read does not hide the others. Never rejects. */
export async function lookForNotices(imds: Imds): Promise<Sighting> {
  const looks = await Promise.allSettled(
    NOTICES.map(async (notice) => {
      const text = await imds.read(PLACES[notice].path);
      return text !== undefined && PLACES[notice].means(text) ? [notice] : [];
    }),
  );
  return {
    notices: looks.flatMap((look) => (look.status === "fulfilled" ? look.value : [])),
    failures: looks.flatMap((look) => (look.status === "rejected" ? [look.reason] : [])),
  };
}
