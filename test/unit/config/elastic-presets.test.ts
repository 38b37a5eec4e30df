import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadPresets } from "../../../src/config/elastic-presets.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { temporaryFolder } from "../../helpers/temporary-folder.ts";

const { elasticTranscoder } = loadConfig({ env: {} });
const load = (presets?: string) => loadPresets({ elasticTranscoder: { ...elasticTranscoder, presets } });

describe("loadPresets", () => {
  test("has none without a file", () => {
    expect(load()).toStrictEqual([]);
  });

  test("reads what the service once answered, and says which key is wrong when it is something else", async () => {
    await using folder = await temporaryFolder();
    const [good, bad] = [join(folder.path, "good.json"), join(folder.path, "bad.json")];
    await writeFile(good, JSON.stringify({ Preset: { Id: "1400000000000-abc123", Name: "ours", Container: "ts" } }));
    await writeFile(bad, JSON.stringify({ Presets: "none" }));
    expect(load(good)).toMatchObject([{ id: "1400000000000-abc123", name: "ours" }]);
    for (const path of [bad, join(folder.path, "missing.json")])
      expect(() => load(path)).toThrow(expect.objectContaining({ problems: [expect.stringMatching(/^elasticTranscoder\.presets: /)] }));
  });
});
