import { expect, test } from "vitest";
import { faultsOfRemoteLoad, remoteLoad } from "../../support/remote-load.ts";

// Slow enough for the quota to be what holds jobs up, on any machine.
test("twenty jobs are at a service at one time, submitted within the quota, none lost and none twice", async () => {
  const options = { jobs: 20, submits: { perSecond: 1, burst: 1 }, reads: { perSecond: 4, burst: 4 } };
  expect(faultsOfRemoteLoad(await remoteLoad(options), options)).toStrictEqual([]);
});
