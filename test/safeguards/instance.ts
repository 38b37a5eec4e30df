import type { Safeguard } from "./list.ts";

/** Those of the instance that the worker runs on, and of its process manager. */
export const INSTANCE_SAFEGUARDS: readonly Safeguard[] = [
  {
    name: "a Spot notice ends what runs",
    file: "src/lifecycle/handle-notices.ts",
    find: "      cancel();\n      limit",
    replace: "      limit",
    project: "unit",
    testFile: "test/unit/lifecycle/notices.test.ts",
    test: "fault 20: a Spot notice stops",
  },
  {
    name: "a terminating group waits while jobs run",
    file: "src/lifecycle/termination.ts",
    find: "      for (const action of held) await autoScaling.heartbeat(action);\n",
    replace: "",
    project: "unit",
    testFile: "test/unit/lifecycle/notices.test.ts",
    test: "fault 22",
  },
  {
    name: "no start on an instance that is about to go",
    file: "src/lifecycle/handle-notices.ts",
    find: "  return notices.length > 0;",
    replace: "  return false;",
    project: "unit",
    testFile: "test/unit/lifecycle/notices.test.ts",
    test: "says yes under a notice",
  },
  {
    name: "a refused metadata token is renewed",
    file: "src/lifecycle/imds.ts",
    find: "        token = undefined;\n",
    replace: "",
    project: "integration",
    testFile: "test/integration/lifecycle/imds.test.ts",
    test: "takes a new token",
  },
  {
    name: "a drain that PM2 would cut short is refused",
    file: "src/config/rules.ts",
    find: "  if (!isPm2Ours(env)) return undefined;",
    replace: "  if (env) return undefined;",
    project: "unit",
    testFile: "test/unit/config/rules.test.ts",
    test: "bad input 77",
  },
  {
    name: "credentials stay in use while nobody gives new ones",
    file: "src/aws/credentials.ts",
    find: "if (!last) throw error;",
    replace: "throw error;",
    project: "integration",
    testFile: "test/integration/aws/credentials.test.ts",
    test: "goes on with credentials that have ended",
  },
];
