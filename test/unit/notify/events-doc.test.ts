import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { notificationSchema } from "../../../src/notify/notification.ts";

const doc = readFileSync(new URL("../../../docs/events.md", import.meta.url), "utf8");

/** First cells of the table whose head begins so. */
function firstCells(head: string): readonly string[] {
  const [, table = ""] = doc.split(new RegExp(`^\\| ${head} .*\\n`, "m"));
  const rows = table.split("\n\n")[0]?.split("\n") ?? [];
  return rows.flatMap((row) => /^\| `([^`]+)`/.exec(row)?.[1] ?? []);
}

/** Of each field, the events that the doc says have it. */
function documentedFields(event: string): readonly string[] {
  const rows = doc.matchAll(/^\| `(\w+)` +\| ([^|]+)\| /gm);
  return [...rows].flatMap(([, field = "", where = ""]) => (/\ball\b/.test(where) || where.includes(event) ? [field] : []));
}

describe("docs/events.md", () => {
  test("names every event of the schema and no other", () => {
    expect(firstCells("event").toSorted()).toEqual(notificationSchema.options.map(({ shape }) => shape.event.value).toSorted());
  });

  test.each(notificationSchema.options.map(({ shape }) => [shape.event.value, shape] as const))("has the fields of %s", (event, shape) => {
    const fields = new Set(firstCells("field"));
    const documented = documentedFields(event).filter((field) => fields.has(field));
    expect(documented.toSorted()).toEqual(Object.keys(shape).toSorted());
  });

  test("shows notifications that the schema takes", () => {
    const examples = [...doc.matchAll(/```json\n([^]*?)```/g)].map(([, text = ""]) => notificationSchema.safeParse(JSON.parse(text)));
    expect(examples.map(({ success }) => success)).toEqual([true, true]);
  });
});
