import { defineConfig } from "vitest/config";

const project = (name: string, testTimeout: number, folders: readonly string[] = [`test/${name}`]) => ({
  test: {
    name,
    include: folders.map((folder) => `${folder}/**/*.test.ts`),
    testTimeout,
    hookTimeout: testTimeout,
    environment: "node" as const,
  },
});

export default defineConfig({
  test: {
    // Media tests start ffmpeg with several threads each: two files at once fill two cores.
    maxWorkers: 2,
    // Tests that say so run side by side: two workers, for the same reason.
    maxConcurrency: 2,
    reporters: ["default"],
    projects: [
      project("unit", 60_000, ["test/unit", "deploy/cdk/test"]),
      project("integration", 180_000, ["test/integration", "test/conformance"]),
      project("e2e", 300_000),
    ],
  },
});
