import { expect, test } from "vitest";
import { faultsOfRemoteLoad, remoteLoad } from "../../support/remote-load.ts";

test("thirty jobs are at a service at one time, submitted within the quota, none lost and none twice", async () => {
  const options = { jobs: 30, submits: { perSecond: 3, burst: 2 }, reads: { perSecond: 4, burst: 4 } };
  expect(faultsOfRemoteLoad(await remoteLoad(options), options)).toStrictEqual([]);
});
