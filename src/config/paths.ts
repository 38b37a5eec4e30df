import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** The package's config folder, the same seen from src/config and from dist/config. */
export const CONFIG_DIRECTORY = join(import.meta.dirname, "../../config");

const PLATFORMS: Readonly<Record<string, string>> = { linux: "linux", darwin: "osx" };

/** The binary that the shaka-packager package brings for this platform; its own start script adds a process that signals miss. By name where the package is not installed. */
export function packagedPackager(platform: string = process.platform, arch: string = process.arch): string {
  const packageFile = installed("shaka-packager/package.json");
  return packageFile === undefined ? "packager" : join(dirname(packageFile), "bin", `packager-${PLATFORMS[platform] ?? platform}-${arch}`);
}

function installed(file: string): string | undefined {
  try {
    return createRequire(import.meta.url).resolve(file);
  } catch {
    return undefined;
  }
}
