import { mkdir, rm, writeFile } from "node:fs/promises";
import { describe, expect, test, vi } from "vitest";
import { LeaseLostError, ShutdownError } from "../../../src/domain/errors.ts";
import type { ObjectStore } from "../../../src/pipeline/ports.ts";
import type { AttemptUpload } from "../../../src/publish/upload-attempt.ts";
import { uploadWhileEncoding } from "../../../src/publish/upload-attempt.ts";
import type { MemoryStore } from "../../helpers/memory-store.ts";
import { memoryStore } from "../../helpers/memory-store.ts";
import type { TemporaryFolder } from "../../helpers/temporary-folder.ts";
import { temporaryFolder } from "../../helpers/temporary-folder.ts";

const PREFIX = "films/a/r/1/";
const { signal } = new AbortController();

interface Setup extends AsyncDisposable {
  readonly store: MemoryStore;
  readonly upload: AttemptUpload;
  write(name: string, text?: string): Promise<void>;
  readonly folder: TemporaryFolder;
}

/** An encode in progress: the folders of two renditions, followed by an upload. */
async function anEncode(wrap: (store: MemoryStore) => ObjectStore = (store) => store): Promise<Setup> {
  const folder = await temporaryFolder();
  await Promise.all(["v240", "a-en"].map((id) => mkdir(folder.in(id))));
  const store = memoryStore();
  const target = { store: wrap(store), prefix: PREFIX, outDir: folder.path, renditionIds: ["v240", "a-en"] };
  const upload = uploadWhileEncoding(target, signal);
  return {
    store,
    upload,
    folder,
    write: (name, text = name) => writeFile(folder.in(name), text),
    [Symbol.asyncDispose]: async () => {
      await upload.stop();
      await folder[Symbol.asyncDispose]();
    },
  };
}
const uploaded = (store: MemoryStore): string[] => [...store.objects.keys()].map((key) => key.slice(PREFIX.length));
const FILES = new Map(["v240/init.mp4", "v240/00001.m4s", "v240/00002.m4s", "a-en/00001.m4s"].map((name) => [name, name.length]));

describe("uploadWhileEncoding", () => {
  test("uploads a segment when the next one is there, and neither the growing one nor the init segment", async () => {
    await using encode = await anEncode();
    await encode.write("v240/init.mp4");
    await encode.write("v240/00001.m4s");
    await encode.write("v240/00002.m4s", "half");
    await encode.write("a-en/00001.m4s", "");
    await vi.waitFor(() => expect(uploaded(encode.store)).toStrictEqual(["v240/00001.m4s"]), { timeout: 3000 });
    await encode.upload.stop();
    expect(uploaded(encode.store)).toStrictEqual(["v240/00001.m4s"]);
    expect(encode.store.objects.get(`${PREFIX}v240/00001.m4s`)).toMatchObject({
      contentType: "video/iso.segment",
      cacheControl: "public,max-age=31536000,immutable",
    });
  });

  test("copies inside the store what another program wrote there, by our name and with our headers", async () => {
    await using encode = await anEncode();
    const headers = { contentType: "binary/octet-stream", cacheControl: "" };
    for (const [name] of FILES) await encode.store.writeText({ key: `${PREFIX}index_${name}`, text: name, headers });
    const renamed = new Map([...FILES.keys()].map((name) => [name, `index_${name}`]));
    const target = { store: encode.store, prefix: PREFIX, outDir: encode.folder.path, renditionIds: [], renamed };
    expect(await uploadWhileEncoding(target, signal).finish(FILES)).toBe(0);
    expect(encode.store.objects.get(`${PREFIX}v240/00001.m4s`)).toMatchObject({
      contentType: "video/iso.segment",
      cacheControl: "public,max-age=31536000,immutable",
    });
    expect(encode.store.textOf(`${PREFIX}v240/init.mp4`)).toBe("v240/init.mp4");
  });

  test("uploads the rest at the end, each file once", async () => {
    await using encode = await anEncode();
    for (const name of FILES.keys()) await encode.write(name);
    await vi.waitFor(() => expect(uploaded(encode.store)).toContain("v240/00001.m4s"), { timeout: 3000 });
    await encode.upload.finish(FILES);
    expect(encode.store.changes.toSorted((a, b) => a.localeCompare(b))).toStrictEqual(
      [...FILES.keys()].map((name) => `put ${PREFIX}${name}`).toSorted((a, b) => a.localeCompare(b)),
    );
  });

  test("has the store copy the media of what is published already, and sends the playlists", async () => {
    const before = "films/a/r/0/";
    const store = memoryStore();
    await using folder = await temporaryFolder();
    await Promise.all(["v240", "v480"].map((id) => mkdir(folder.in(id))));
    const names = ["v240/init.mp4", "v240/00001.m4s", "v240/index.m3u8", "v480/init.mp4", "v480/00001.m4s"];
    for (const name of names) await writeFile(folder.in(name), "here");
    for (const name of names.slice(0, 3)) {
      await store.uploadFile({ key: before + name, path: folder.in(name), headers: { contentType: "there", cacheControl: "" } });
    }
    const reuse = { prefix: before, ids: new Set(["v240"]) };
    const upload = uploadWhileEncoding({ store, prefix: PREFIX, outDir: folder.path, renditionIds: ["v240", "v480"], reuse }, signal);
    await expect(upload.finish(new Map(names.map((name) => [name, 4])))).resolves.toBe(12);
    const copied = names.filter((name) => store.objects.get(PREFIX + name)?.contentType === "there");
    expect(copied).toStrictEqual(["v240/init.mp4", "v240/00001.m4s"]);
  });

  test("tries in the end what failed on the way", async () => {
    let failures = 0;
    await using encode = await anEncode((store) => ({
      ...store,
      uploadFile: async (object) => {
        if (failures === 0) {
          failures += 1;
          throw new Error("reset");
        }
        await store.uploadFile(object);
      },
    }));
    for (const name of FILES.keys()) await encode.write(name);
    await vi.waitFor(() => expect(failures).toBe(1), { timeout: 3000 });
    await encode.upload.finish(FILES);
    expect(uploaded(encode.store)).toHaveLength(FILES.size);
  });

  test("R-L5: asks a store that serves nothing ever more seldom while the encode goes on", async () => {
    let tries = 0;
    await using encode = await anEncode((store) => ({
      ...store,
      uploadFile: async () => {
        tries += 1;
        throw new Error("503");
      },
    }));
    for (const name of ["v240/00001.m4s", "v240/00002.m4s"]) await encode.write(name);
    // Rounds of half a second would be five or six by then.
    await new Promise((resolve) => setTimeout(resolve, 2700));
    expect(tries).toBeGreaterThan(0);
    expect(tries).toBeLessThanOrEqual(3);
  });

  test("reports an upload that fails in the end as well", async () => {
    await using encode = await anEncode((store) => ({ ...store, uploadFile: async () => Promise.reject(new Error("reset")) }));
    for (const name of FILES.keys()) await encode.write(name);
    await expect(encode.upload.finish(FILES)).rejects.toThrow("reset");
  });

  test("notices an object that the store dropped without a word", async () => {
    await using encode = await anEncode((store) => ({
      ...store,
      uploadFile: async (object) => (object.key.endsWith("v240/00002.m4s") ? undefined : store.uploadFile(object)),
    }));
    for (const name of FILES.keys()) await encode.write(name);
    await expect(encode.upload.finish(FILES)).rejects.toMatchObject({ code: "output_incomplete", facts: { objects: ["v240/00002.m4s"] } });
  });

  test("notices a segment that went up before it was whole", async () => {
    await using encode = await anEncode();
    await encode.write("v240/00001.m4s", "half");
    await encode.write("v240/00002.m4s");
    await vi.waitFor(() => expect(uploaded(encode.store)).toContain("v240/00001.m4s"), { timeout: 3000 });
    for (const name of FILES.keys()) await encode.write(name);
    await expect(encode.upload.finish(FILES)).rejects.toMatchObject({ code: "output_incomplete", facts: { objects: ["v240/00001.m4s"] } });
  });

  test("survives a folder that is gone, and stops twice", async () => {
    await using encode = await anEncode();
    await rm(encode.folder.in("v240"), { recursive: true });
    await encode.upload.stop();
    await encode.upload.stop();
    expect(uploaded(encode.store)).toStrictEqual([]);
  });

  test("uploads nothing more once the job is cancelled", async () => {
    await using folder = await temporaryFolder();
    await mkdir(folder.in("v240"));
    const cancel = new AbortController();
    const store = memoryStore();
    const upload = uploadWhileEncoding({ store, prefix: PREFIX, outDir: folder.path, renditionIds: ["v240"] }, cancel.signal);
    cancel.abort(new Error("lease lost"));
    await expect(upload.finish(FILES)).rejects.toThrow("lease lost");
    expect(store.changes).toStrictEqual([]);
  });

  describe("when the attempt ends early", () => {
    /** Three segments in one round, the last of them not known to be whole; `reason` ends the attempt while the first goes up. */
    async function leave(reason: Error, isLeft: boolean, wrap = (store: MemoryStore): ObjectStore => store): Promise<string[]> {
      await using folder = await temporaryFolder();
      await mkdir(folder.in("v240"));
      const ending = new AbortController();
      const store = memoryStore();
      const wrapped = wrap(store);
      const begun = Promise.withResolvers<void>();
      const slow: ObjectStore = {
        ...wrapped,
        uploadFile: async (object, cut) => {
          begun.resolve();
          await new Promise<void>((resolve) => {
            cut?.addEventListener("abort", () => resolve(), { once: true });
            setTimeout(resolve, 100);
          });
          cut?.throwIfAborted();
          await wrapped.uploadFile(object, cut);
        },
      };
      await writeFile(folder.in("v240/00001.m4s"), "1");
      await writeFile(folder.in("v240/00002.m4s"), "2");
      const target = { store: slow, prefix: PREFIX, outDir: folder.path, renditionIds: ["v240"], isLeft };
      const upload = uploadWhileEncoding(target, ending.signal);
      await begun.promise;
      await writeFile(folder.in("v240/00003.m4s"), "3");
      ending.abort(reason);
      await upload.stop();
      return uploaded(store);
    }

    test("fault 15: leaves what is whole to the attempt after it, when the worker stops", async () => {
      expect(await leave(new ShutdownError("the worker stops"), true)).toStrictEqual(["v240/00001.m4s", "v240/00002.m4s"]);
    });

    test("leaves nothing more when the lease is lost, or when nobody would find it", async () => {
      expect(await leave(new LeaseLostError("taken"), true)).toStrictEqual([]);
      expect(await leave(new ShutdownError("the worker stops"), false)).toStrictEqual([]);
    });

    test("fault 18: is no longer at it than the seconds that a stopping worker has", async () => {
      const hanging = (store: MemoryStore): ObjectStore => ({
        ...store,
        uploadFile: async (_object, cut) =>
          new Promise((_resolve, reject) => cut?.addEventListener("abort", () => reject(new Error("cut")))),
      });
      expect(await leave(new ShutdownError("the worker stops"), true, hanging)).toStrictEqual([]);
    });
  });
});
