import { ConfigError } from "../../config/config-error.ts";

/** What only a checkout with its development packages has: the embedded AWS and the players of the page. */
const PACKAGES = ["fauxqs", "hls.js", "shaka-player"] as const;

/** Throws ConfigError naming the command that installs them when one is missing, as after `npm ci --omit=dev`. */
export function requireDevelopmentPackages(): void {
  const missing = PACKAGES.filter((name) => !isInstalled(name));
  if (missing.length > 0) throw new ConfigError([`dev needs ${missing.join(", ")}: install the development packages with npm ci`]);
}

function isInstalled(name: string): boolean {
  try {
    import.meta.resolve(name);
    return true;
  } catch {
    return false;
  }
}
