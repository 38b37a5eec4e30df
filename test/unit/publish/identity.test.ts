import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { newRevision, revisionBase } from "../../../src/domain/output-layout.ts";
import { assetPathOf, isSameObject, sourceId } from "../../../src/publish/identity.ts";

const TEMPLATE = "{key without extension}";
const pathOf = (key: string, template = TEMPLATE): string => assetPathOf(template, { bucket: "uploads", key });
const segments = fc.oneof(fc.constantFrom("", ".", "..", "a", "_", "\u0000", "a\nb", "-"), fc.string({ unit: "binary" }));
const keys = fc
  .array(segments, { minLength: 1, maxLength: 5 })
  .map((parts) => parts.join("/"))
  .filter((key) => key !== "");

describe("assetPathOf, for any key", () => {
  test("has no segment that a URL would fold away and no control character", () => {
    fc.assert(
      fc.property(keys, (key) => {
        for (const segment of pathOf(key).split("/")) {
          expect(["", ".", ".."]).not.toContain(segment);
          // eslint-disable-next-line no-control-regex -- control characters are what is looked for
          expect(segment).not.toMatch(/[\u0000-\u001f\u007f]/);
        }
      }),
    );
  });

  test("leads two keys to one path only when they differ in nothing but the extension", () => {
    const bare = (key: string): string => key.replace(/(?<=[^/])\.[A-Za-z0-9]{1,5}$/, "");
    fc.assert(
      fc.property(keys, keys, (a, b) => {
        fc.pre(bare(a) !== bare(b));
        expect(pathOf(a)).not.toBe(pathOf(b));
      }),
      { numRuns: 2000 },
    );
  });
});

describe("assetPathOf", () => {
  test.each([
    ["films/a.mp4", "films/a"],
    ["films/a", "films/a"],
    ["a.b.mov", "a.b"],
    [".hidden", ".hidden"],
    ["folder/.mp4", "folder/.mp4"],
    ["name with $& and %41?.mkv", "name with $& and %41?"],
    ["日本/🎬.webm", "日本/🎬"],
  ])("publishes %s at %s", (key, path) => {
    expect(pathOf(key)).toBe(path);
  });

  test.each(["../../etc/x.mp4", "/abs.mp4", "a//b.mp4", "a/./b.mp4", "a/\u001b[31m.mp4", "..mp4"])(
    "gives %j a plain name and a hash",
    (key) => {
      expect(pathOf(key)).toMatch(/-[0-9a-f]{8}$/);
    },
  );

  test("fills the whole template, and reads nothing in a key as one", () => {
    expect(assetPathOf("{bucket}/v/{key}", { bucket: "u", key: "{bucket}.mp4" })).toBe("u/v/u.mp4");
    expect(pathOf("a.mp4", "x/{key}")).toBe("x/a.mp4");
  });
});

describe("sourceId", () => {
  const ref = { bucket: "uploads", key: "a.mp4" };

  test("tells two contents of one object from two objects", () => {
    const [first, second] = [sourceId(ref, "etag-1"), sourceId(ref, "etag-2")];
    expect(first).not.toBe(second);
    expect(isSameObject(first, second)).toBe(true);
    expect(isSameObject(first, sourceId({ ...ref, key: "b.mp4" }, "etag-1"))).toBe(false);
  });

  test("does not take a bucket's end for a key's beginning", () => {
    expect(isSameObject(sourceId({ bucket: "a", key: "bc" }, "v"), sourceId({ bucket: "ab", key: "c" }, "v"))).toBe(false);
  });

  test("names neither bucket nor key", () => {
    expect(sourceId(ref, "etag-1")).toMatch(/^[0-9a-f]{32}-[0-9a-f]{16}$/);
  });
});

describe("newRevision", () => {
  test("sorts by time and is safe in a URL", () => {
    const revision = newRevision(new Date("2026-01-02T03:04:05.678Z"), "00ff00ff");
    expect(revision).toBe("20260102T030405-00ff00ff");
    expect(revision < newRevision(new Date("2026-01-02T03:04:06Z"), "00000000")).toBe(true);
    expect(revisionBase(revision)).toBe("r/20260102T030405-00ff00ff/");
  });
});
