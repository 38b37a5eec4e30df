import type { Safeguard } from "./list.ts";

/** What keeps one wish from undoing another, in whatever order their messages come. */
export const OF_WISHES: readonly Safeguard[] = [
  {
    name: "an earlier wish does not replace a later one",
    file: "src/publish/decide.ts",
    find: "(isByWish(published, candidate) && isEarlier(candidate, published))",
    replace: "false",
    project: "unit",
    testFile: "test/unit/publish/decide.test.ts",
    test: "a later job has given the path that ours names to another object",
  },
  {
    name: "a later wish for what is published is kept",
    file: "src/publish/commit.ts",
    find: "for (let round = 0; isLaterWish(now, wish); round += 1) {",
    replace: "for (let round = 0; isLaterWish(now, wish) && round < 0; round += 1) {",
    project: "unit",
    testFile: "test/unit/publish/commit.test.ts",
    test: "keeps the time of a later wish",
  },
  {
    name: "an upload of what is published is kept, for whoever is about to replace it",
    file: "src/publish/wish.ts",
    find: " || Date.parse(wish.uploadedAt) > writtenAtMs",
    replace: "",
    project: "unit",
    testFile: "test/unit/publish/commit.test.ts",
    test: "lets an upload of the same bytes that came while another was being committed win",
  },
  {
    name: "what was attached meanwhile is not published away",
    file: "src/publish/commit.ts",
    find: "  if (published) spare?.(published.record);\n",
    replace: "",
    project: "integration",
    testFile: "test/integration/pipeline/attach.test.ts",
    test: "takes nothing away that was attached while it published",
  },
  {
    name: "all of an early part is of the latest wish",
    file: "src/publish/asset-record.ts",
    find: "    ...laterWish(record, published),\n",
    replace: "",
    project: "unit",
    testFile: "test/unit/publish/commit.test.ts",
    test: "counts all of an early part as of the latest wish",
  },
  {
    name: "what was rolled back stays away, whatever the clock of whoever did it says",
    file: "src/publish/rollback.ts",
    find: "Math.max(at.getTime(), readAtMs, Date.parse(left.createdAt) + 1)",
    replace: "at.getTime()",
    project: "unit",
    testFile: "test/unit/publish/rollback.test.ts",
    test: "when the clock of whoever rolls back is behind",
  },
];
