import type { Config, Environment } from "../config/config.ts";
import { ConfigError } from "../config/config-error.ts";
import { loadLadders } from "../config/ladders.ts";
import { loadConfig } from "../config/load.ts";
import type { Check, Finding } from "./checks.ts";
import { describeFinding, runCheck } from "./checks.ts";
import { interruptible } from "./interruptible.ts";
import { keyChecks } from "./key-checks.ts";
import { machineChecks } from "./machine-checks.ts";
import { printJson, printLine } from "./print.ts";
import { readArguments } from "./usage.ts";

const USAGE = {
  usage: "doctor [--json]",
  about: `Checks the configuration, ffmpeg, the packager, the sandbox, the work folder, the queue and the buckets, one line each:
✓ good, ! worth knowing, ✗ must be mended (exit code 1; 78 for the configuration), – not configured.`,
  options: { json: { type: "boolean" } },
  positionals: 0,
} as const;

/** `ladderd doctor`: says what would keep this machine from working. */
export async function doctor(argv: readonly string[], env: Environment): Promise<number> {
  const { values } = readArguments(argv, USAGE);
  const show = (finding: Finding): void => (values.json ? undefined : printLine(describeFinding(finding)));
  const { config, findings } = configFindings(env);
  for (const finding of findings) show(finding);
  if (!config) {
    if (values.json) printJson(findings);
    return 78;
  }
  const found = [...findings, ...(await interruptible((signal) => runChecks(config, show, signal)))];
  if (values.json) printJson(found);
  return found.some(({ status }) => status === "failed") ? 1 : 0;
}

function configFindings(env: Environment): { readonly config?: Config; readonly findings: readonly Finding[] } {
  try {
    const config = loadConfig({ env });
    const detail = `${config.environment}, ladder ${config.ladder}, engines ${config.engines.join(", ")}`;
    return { config, findings: [{ name: "configuration", status: "ok", detail }] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { findings: error.problems.map((detail) => ({ name: "configuration", status: "failed", detail })) };
  }
}

async function runChecks(config: Config, show: (finding: Finding) => void, signal: AbortSignal): Promise<readonly Finding[]> {
  const { openStores } = await import("./aws-stores.ts");
  const { awsChecks } = await import("./aws-checks.ts");
  const stores = openStores(config);
  const checks: readonly Check[] = [...machineChecks(config), ...keyChecks(config, loadLadders().values()), ...awsChecks(config, stores)];
  const found: Finding[] = [];
  try {
    for (const check of checks) {
      // One after the other, so that each line stands when its check has ended.
      const finding = await runCheck(check, signal);
      show(finding);
      found.push(finding);
    }
  } finally {
    stores.close();
  }
  return found;
}
