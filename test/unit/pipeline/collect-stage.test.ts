import { readFileSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import type { ServiceRun } from "../../../src/pipeline/service-objects.ts";
import { collectStage } from "../../../src/pipeline/collect-stage.ts";
import { memoryStore } from "../../helpers/memory-store.ts";
import { aPlan } from "../../helpers/plans.ts";
import { temporaryFolder } from "../../helpers/temporary-folder.ts";

const FIXTURES = new URL("../../fixtures/remote/mediaconvert/", import.meta.url);
const PREFIX = "films/one/r/20261123T040000-ab12/";
const HEADERS = { contentType: "", cacheControl: "" };
const { signal } = new AbortController();

/** What the service wrote of a picture and a sound, with the remains of an attempt to finish it, in a store. */
async function written() {
  const whole = aPlan();
  const plan = {
    ...whole,
    video: whole.video.slice(0, 1).map((entry) => ({ ...entry, id: "v240" })),
    audio: whole.audio.map((entry) => ({ ...entry, id: "a-und" })),
  };
  const store = memoryStore();
  const put = (name: string, text: string) => store.writeText({ key: PREFIX + name, text, headers: HEADERS });
  for (const name of ["index_v240.m3u8", "index_a-und.m3u8"]) {
    const text = readFileSync(new URL(name, FIXTURES), "utf8");
    await put(name, text);
    for (const [media] of text.matchAll(/index_[\w-]+\.cmf[av]/g)) await put(media, `bytes of ${media}`);
  }
  await put("index.m3u8", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=400000,RESOLUTION=426x240\nindex_v240.m3u8\n");
  for (const name of ["v240/00001.m4s", "asset.json", "pointer.m3u8"]) await put(name, "of an attempt that was killed");
  return { plan, store };
}

const depsOf = (store: ReturnType<typeof memoryStore>, workDir: string) => {
  const deps: ServiceRun["deps"] = {
    published: store,
    report: () => undefined,
    settings: { workDir, disk: { minimumFreeBytes: 0, sourceFactor: 1 } },
  };
  return deps;
};

describe("collecting what MediaConvert wrote", () => {
  test("brings it to disk by our names, and takes away what an attempt before had added", async () => {
    await using folder = await temporaryFolder();
    const { plan, store } = await written();
    const { renamed } = await collectStage(
      { plan, prefix: PREFIX, outDir: folder.path },
      { deps: depsOf(store, folder.path), jobId: "job", signal },
    );
    expect((await readdir(folder.in("v240"))).toSorted()).toStrictEqual(["00001.m4s", "00002.m4s", "00003.m4s", "init.mp4"]);
    expect(await readFile(folder.in("a-und/00002.m4s"), "utf8")).toBe("bytes of index_a-und_000000002.cmfa");
    expect(renamed.get("v240/init.mp4")).toBe("index_v240init.cmfv");
    expect(store.changes.filter((change) => change.startsWith("remove"))).toStrictEqual(
      ["v240/00001.m4s", "asset.json", "pointer.m3u8"].map((name) => `remove ${PREFIX}${name}`),
    );
  });

  test("takes the rungs that the service chose by itself", async () => {
    await using folder = await temporaryFolder();
    const { plan, store } = await written();
    const asked = { ...plan, video: plan.video.map((entry) => ({ ...entry, id: "v1080" })) };
    const run = { deps: depsOf(store, folder.path), jobId: "job", signal };
    const collected = await collectStage({ plan: asked, prefix: PREFIX, outDir: folder.path }, run);
    expect(collected.plan.video.map(({ id, width, height }) => [id, width, height])).toStrictEqual([["v240", 426, 240]]);
    expect(await readFile(folder.in("v240/00001.m4s"), "utf8")).toBe("bytes of index_v240_000000001.cmfv");
  });

  test("of which half is missing brings nothing, and says so", async () => {
    await using folder = await temporaryFolder();
    const { plan, store } = await written();
    await store.remove([`${PREFIX}index_v240_000000003.cmfv`]);
    const run = { deps: depsOf(store, folder.path), jobId: "job", signal };
    await expect(collectStage({ plan, prefix: PREFIX, outDir: folder.path }, run)).rejects.toMatchObject({ code: "output_incomplete" });
    expect(await readdir(folder.path)).toStrictEqual([]);
  });
});
