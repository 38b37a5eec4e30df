import { describe, expect, test } from "vitest";
import { element } from "../../../src/packaging/xml.ts";

describe("element", () => {
  test("escapes what would end an attribute or open an element", () => {
    expect(element("Label", { a: `"<&>'` }, `</Label><x a="1">&`)).toBe(
      `<Label a="&quot;&lt;&amp;&gt;'">&lt;/Label&gt;&lt;x a=&quot;1&quot;&gt;&amp;</Label>`,
    );
  });

  test("leaves undefined attributes out and keeps 0", () => {
    expect(element("S", { t: 0, d: 5, r: undefined })).toBe('<S t="0" d="5"/>');
  });

  test("indents children", () => {
    expect(element("A", {}, [element("B", {}, [element("C", {})])])).toBe("<A>\n  <B>\n    <C/>\n  </B>\n</A>");
  });
});
