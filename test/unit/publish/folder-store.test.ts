import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { PreconditionFailed } from "../../../src/pipeline/ports.ts";
import type { WriteCondition } from "../../../src/pipeline/ports.ts";
import { createFolderStore } from "../../../src/publish/folder-store.ts";
import { settled } from "../../helpers/outcome.ts";
import { temporaryFolder } from "../../helpers/temporary-folder.ts";

const headers = { contentType: "text/plain", cacheControl: "" };
const ABSENT: WriteCondition = { kind: "absent" };

describe("createFolderStore", () => {
  test("keeps keys below its prefix as files, without leaving a temporary one", async () => {
    await using folder = await temporaryFolder();
    const store = createFolderStore(folder.in("out"), "asset/");
    await store.writeText({ key: "asset/r/1/a.txt", text: "hello", headers });
    await expect(readFile(folder.in("out", "r", "1", "a.txt"), "utf8")).resolves.toBe("hello");
    await expect(readdir(folder.in("out", "r", "1"))).resolves.toStrictEqual(["a.txt"]);
    await expect(store.readText("asset/r/1/a.txt")).resolves.toMatchObject({ text: "hello" });
    await expect(store.readText("asset/none")).resolves.toBeUndefined();
  });

  test.each(["asset/../x", "asset/../../etc/passwd", "asset//etc/passwd", "../x", "/etc/passwd", "asset/a/../../x"])(
    "refuses the key %s, which would leave the folder",
    async (key) => {
      await using folder = await temporaryFolder();
      const store = createFolderStore(folder.in("out"), "asset/");
      await expect(settled((async () => store.writeText({ key, text: "x", headers }))())).resolves.toHaveProperty(
        "error",
        expect.any(RangeError),
      );
      await expect(settled((async () => store.readText(key))())).resolves.toHaveProperty("error", expect.any(RangeError));
      await expect(readdir(folder.path)).resolves.toStrictEqual([]);
    },
  );

  test("honours conditions", async () => {
    await using folder = await temporaryFolder();
    const store = createFolderStore(folder.path, "");
    const { etag } = await store.writeText({ key: "a", text: "1", headers, condition: ABSENT });
    await expect(store.writeText({ key: "a", text: "2", headers, condition: ABSENT })).rejects.toThrow(PreconditionFailed);
    await store.writeText({ key: "a", text: "2", headers, condition: { kind: "match", etag } });
    await expect(store.writeText({ key: "a", text: "3", headers, condition: { kind: "match", etag } })).rejects.toThrow(PreconditionFailed);
    await expect(store.writeText({ key: "b", text: "3", headers, condition: { kind: "match", etag } })).rejects.toThrow(PreconditionFailed);
    await expect(store.readText("a")).resolves.toMatchObject({ text: "2" });
  });

  test("lets one of several writers at once have a key", async () => {
    await using folder = await temporaryFolder();
    const store = createFolderStore(folder.path, "");
    const writes = Array.from({ length: 8 }, (_, index) =>
      settled(store.writeText({ key: "a", text: `${index}`, headers, condition: ABSENT })),
    );
    const outcomes = await Promise.all(writes);
    expect(outcomes.filter((outcome) => "value" in outcome)).toHaveLength(1);
  });

  test("copies an object to another key", async () => {
    await using folder = await temporaryFolder();
    const store = createFolderStore(folder.in("out"), "asset/");
    await store.writeText({ key: "asset/r/1/v/a.m4s", text: "12345", headers });
    await store.copy("asset/r/1/v/a.m4s", "asset/r/2/v/a.m4s");
    await expect(readFile(folder.in("out", "r", "2", "v", "a.m4s"), "utf8")).resolves.toBe("12345");
    await expect(store.copy("asset/r/1/v/a.m4s", "asset/../../x")).rejects.toThrow(RangeError);
  });

  test("lists and removes what was uploaded, folders included", async () => {
    await using folder = await temporaryFolder();
    await writeFile(folder.in("source"), "12345");
    const store = createFolderStore(folder.in("out"), "asset/");
    await store.uploadFile({ key: "asset/r/1/v/1.m4s", path: folder.in("source"), headers });
    await store.writeText({ key: "asset/asset.json", text: "{}", headers });
    await expect(store.list("asset/r/1/")).resolves.toStrictEqual([{ key: "asset/r/1/v/1.m4s", sizeBytes: 5 }]);
    await expect(store.list("asset/r/2/")).resolves.toStrictEqual([]);
    await store.remove(["asset/r/1/v/1.m4s"]);
    await expect(readdir(folder.in("out"))).resolves.toStrictEqual(["asset.json"]);
  });

  test("removes an object only while it is the one that was read", async () => {
    await using folder = await temporaryFolder();
    const store = createFolderStore(folder.in("out"), "asset/");
    const { etag } = await store.writeText({ key: "asset/a/1", text: "old", headers });
    await store.writeText({ key: "asset/a/1", text: "new", headers });
    await expect(store.removeMatching({ key: "asset/a/1", etag })).rejects.toBeInstanceOf(PreconditionFailed);
    const now = await store.readText("asset/a/1");
    await store.removeMatching({ key: "asset/a/1", etag: now?.etag ?? "" });
    await expect(store.list("asset/")).resolves.toStrictEqual([]);
  });

  test("leaves nothing of a folder that it made itself, and a folder that was there before", async () => {
    await using folder = await temporaryFolder();
    await writeFile(folder.in("source"), "12345");
    await mkdir(folder.in("before"));
    for (const name of ["before", "made"]) {
      const store = createFolderStore(folder.in(name), "");
      await store.uploadFile({ key: "r/1/x", path: folder.in("source"), headers });
      await store.remove(["r/1/x"]);
    }
    await expect(readdir(folder.path)).resolves.toStrictEqual(["before", "source"]);
  });
});
