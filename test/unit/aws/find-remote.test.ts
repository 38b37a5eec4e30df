import { describe, expect, test } from "vitest";
import type { RemotePage } from "../../../src/aws/find-remote.ts";
import { findRemote } from "../../../src/aws/find-remote.ts";

const SUBMITTED = new Date("2026-11-23T04:00:00Z");
const sought = { token: "claim.1", source: { bucket: "b", key: "k" }, notBefore: SUBMITTED };
const minutesAfter = (minutes: number): Date => new Date(SUBMITTED.getTime() + minutes * 60_000);
const pagesOf = (...pages: readonly RemotePage["jobs"][]) => {
  const read: (string | undefined)[] = [];
  const readPage = async (next: string | undefined): Promise<RemotePage> => {
    read.push(next);
    const at = Number(next ?? 0);
    return { jobs: pages[at] ?? [], next: at + 1 < pages.length ? `${at + 1}` : undefined };
  };
  return { read, readPage };
};

describe("findRemote", () => {
  test("finds the job with the token, on whatever page it is", async () => {
    const { readPage } = pagesOf(
      [{ id: "3", token: "other", madeAt: minutesAfter(3) }],
      [{ id: "2", token: "claim.1", madeAt: minutesAfter(2) }],
    );
    expect(await findRemote("mediaconvert", sought, readPage)).toBe("2");
  });

  test("finds none where none has it", async () => {
    const { readPage } = pagesOf([{ id: "3", madeAt: minutesAfter(3) }], []);
    expect(await findRemote("mediaconvert", sought, readPage)).toBeUndefined();
  });

  test("finds the first of two: the second is the one too many", async () => {
    const { readPage } = pagesOf(
      [{ id: "late", token: "claim.1", madeAt: minutesAfter(9) }],
      [{ id: "first", token: "claim.1", madeAt: minutesAfter(1) }],
    );
    expect(await findRemote("mediaconvert", sought, readPage)).toBe("first");
  });

  test("finds the first of two on one page as well", async () => {
    const two = ["late", "first"].map((id, position) => ({ id, token: "claim.1", madeAt: minutesAfter(9 - position) }));
    expect(await findRemote("mediaconvert", sought, pagesOf(two).readPage)).toBe("first");
  });

  test("does not read on where jobs are older than the token, with room for clocks that differ", async () => {
    const { read, readPage } = pagesOf(
      [{ id: "3", madeAt: minutesAfter(-4) }],
      [{ id: "2", token: "claim.1", madeAt: minutesAfter(-4.5) }],
      [{ id: "1", madeAt: minutesAfter(-6) }],
      [{ id: "0", token: "claim.1", madeAt: minutesAfter(-90) }],
    );
    expect(await findRemote("elastic-transcoder", sought, readPage)).toBe("2");
    expect(read).toStrictEqual([undefined, "1", "2"]);
  });

  test("does not say that there is none when it could not look at all", async () => {
    const readPage = async (): Promise<RemotePage> => ({ jobs: [{ id: "x", madeAt: minutesAfter(1) }], next: "more" });
    await expect(findRemote("elastic-transcoder", sought, readPage)).rejects.toMatchObject({
      code: "engine_unavailable",
      failureClass: "retry",
    });
  });
});
