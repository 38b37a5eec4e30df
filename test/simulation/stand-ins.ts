import { registerHooks } from "node:module";

/** The stages that run ffmpeg, ffprobe or the packager, as paths below src/. */
const STOOD_IN = [
  "media/probe-source.ts",
  "pipeline/plan-stage.ts",
  "pipeline/encode-stage.ts",
  "pipeline/verify-stage.ts",
  "pipeline/pictures-stage.ts",
];

/**
 * Puts the modules of test/simulation/stand-ins in the place of those stages, whoever imports them, for good. Everything
 * between them is the product's own. It must run before that is imported.
 */
export function installStandIns(): void {
  const urls = new Map(
    STOOD_IN.map((path) => [
      new URL(`../../src/${path}`, import.meta.url).href,
      new URL(`stand-ins/${path.replace(/^.*\//, "")}`, import.meta.url).href,
    ]),
  );
  registerHooks({
    resolve: (specifier, context, next) => {
      const resolved = next(specifier, context);
      const url = urls.get(resolved.url);
      return url === undefined ? resolved : { ...resolved, url };
    },
  });
}
