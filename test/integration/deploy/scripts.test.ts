import { globSync } from "node:fs";
import { resolve } from "node:path";
import { expect, it } from "vitest";
import { command } from "../../support/command.ts";
import { requireTool } from "../../support/tool.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const scripts = globSync("**/*.sh", { cwd: ROOT, exclude: ["**/node_modules", "dist", "out"] });

it("shellcheck has nothing to say about any script", async () => {
  expect(scripts).toContain("deploy/install-ffmpeg.sh");
  const { exitCode, stdout, stderr } = await command(requireTool("shellcheck"), ["--external-sources", ...scripts, ".ci/run"], {
    cwd: ROOT,
  });
  expect({ exitCode, said: stdout + stderr }).toEqual({ exitCode: 0, said: "" });
});
