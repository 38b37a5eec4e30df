import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { command } from "../../support/command.ts";
import { requireTool } from "../../support/tool.ts";

const FOLDER = resolve(import.meta.dirname, "../../../deploy/prometheus");
const promtool = (...args: readonly string[]) => command(requireTool("promtool"), args, { cwd: FOLDER });

describe("deploy/prometheus, by Prometheus itself", () => {
  test.each(["prometheus.yml", "local.yml"])("%s is a configuration", async (file) => {
    const { exitCode, stdout, stderr } = await promtool("check", "config", file);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toContain("rule files found");
  });

  test("the alerts fire when they should, and not when they should not", async () => {
    const { exitCode, stdout, stderr } = await promtool("test", "rules", join(FOLDER, "alerts.test.yml"));
    expect({ exitCode, said: stdout.includes("SUCCESS") ? stderr : stdout + stderr }).toEqual({ exitCode: 0, said: "" });
  });
});
