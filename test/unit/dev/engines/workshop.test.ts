import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { halfOf } from "../../../../src/cli/dev/engines/drive-job.ts";
import { createSlots } from "../../../../src/cli/dev/engines/slots.ts";
import { openWorkshop } from "../../../../src/cli/dev/engines/workshop.ts";

const { signal } = new AbortController();

async function makeThrice(fast: boolean): Promise<{ readonly made: number; readonly folders: readonly string[] }> {
  await using workshop = await openWorkshop<string>({ fast });
  let made = 0;
  const make = async (folder: string): Promise<string> => {
    made += 1;
    return folder;
  };
  const folders = [await workshop.make("a", make, signal), await workshop.make("a", make, signal), await workshop.make("b", make, signal)];
  return { made, folders };
}

test("what has the same fingerprint is made once when it is to be fast", async () => {
  const { made, folders } = await makeThrice(true);
  expect(made).toBe(2);
  expect(folders[0]).toBe(folders[1]);
});

test("everything is made anew otherwise", async () => {
  const { made, folders } = await makeThrice(false);
  expect(made).toBe(3);
  expect(new Set(folders).size).toBe(3);
});

test("a failure is not remembered", async () => {
  await using workshop = await openWorkshop<string>({ fast: true });
  await expect(workshop.make("a", () => Promise.reject(new Error("no")), signal)).rejects.toThrow("no");
  expect(await workshop.make("a", async () => "made", signal)).toBe("made");
});

test("a fast job that is cancelled does not take what others wait for", async () => {
  await using workshop = await openWorkshop<string>({ fast: true });
  const cancelled = new AbortController();
  const made = workshop.make("a", async (_, abort) => String(abort.aborted), cancelled.signal);
  cancelled.abort();
  expect(await made).toBe("false");
});

test("nothing is left when it closes, and what is being made there is aborted", async () => {
  const workshop = await openWorkshop<string>({ fast: false });
  const started = Promise.withResolvers<string>();
  const made = workshop.make(
    "a",
    async (folder, abort) => {
      await writeFile(join(folder, "film"), "");
      started.resolve(folder);
      return new Promise((_, reject) => abort.addEventListener("abort", () => reject(new Error("aborted"))));
    },
    signal,
  );
  const folder = await started.promise;
  const [end] = await Promise.allSettled([made, workshop[Symbol.asyncDispose]()]);
  expect(end).toMatchObject({ status: "rejected", reason: { message: "aborted" } });
  await expect(readdir(folder)).rejects.toThrow("ENOENT");
});

test("half of the outputs is every manifest and the first half of the rest", () => {
  expect(halfOf(["a.ts", "b.ts", "c.ts", "index.m3u8", "index.mpd"])).toEqual(["a.ts", "b.ts", "index.m3u8", "index.mpd"]);
});

test("slots are given in the order they were asked for", async () => {
  const slots = createSlots(1);
  const order: number[] = [];
  const work = async (number: number): Promise<void> => {
    const giveBack = await slots.take();
    order.push(number);
    giveBack();
  };
  const giveBack = await slots.take();
  const all = [work(1), work(2), work(3)];
  expect(order).toEqual([]);
  giveBack();
  await Promise.all(all);
  expect(order).toEqual([1, 2, 3]);
});
