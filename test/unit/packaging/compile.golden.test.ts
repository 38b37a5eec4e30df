import { describe, expect, test } from "vitest";
import { compilePackager, segmentName } from "../../../src/packaging/compile.ts";
import { golden } from "../../helpers/golden.ts";
import { GOLDEN_PLANS } from "../../helpers/plans.ts";

describe("compilePackager", () => {
  test.each(Object.entries(GOLDEN_PLANS))("%s", async (name, plan) => {
    const argv = compilePackager(
      plan,
      (id) => `/job/pipes/${id}.pipe`,
      (id) => `/job/out/${id}`,
    );
    await expect(`${argv.join("\n")}\n`).toMatchFileSnapshot(golden(`packager/${name}.argv`));
  });

  test("numbers segments so that their names sort", () => {
    const names = [1, 2, 10, 99_999].map(segmentName);
    expect(names).toStrictEqual(["00001.m4s", "00002.m4s", "00010.m4s", "99999.m4s"]);
    expect(names.toSorted()).toStrictEqual(names);
  });
});
