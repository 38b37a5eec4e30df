import type { RemoteRequest } from "../../src/engines/remote.ts";
import { aPlan } from "./plans.ts";

/** A request for the default plan; a test names what it changes. */
export const aRemoteRequest = (changes: Partial<RemoteRequest> = {}): RemoteRequest => ({
  plan: aPlan(),
  source: { bucket: "uploads", key: "films/one.mp4" },
  destination: { bucket: "published", prefix: "films/one/r/20261123T040000-ab12/" },
  token: "0123456789abcdef.1",
  notBefore: new Date("2026-11-23T04:00:00Z"),
  metadata: {},
  ...changes,
});
