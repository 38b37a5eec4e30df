import { cpSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { buildArtifact } from "../../deploy/build-artifact.ts";
import { writeBuildId } from "../../deploy/build-id.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const NODE_NAME = `runtime/node-${process.arch}`;

export interface RevisionOptions {
  /** What /readyz of it answers. */
  readonly build: string;
  /** Makes a difference to what was built. */
  readonly change?: (dist: string) => void;
}

/**
 * Makes a revision as CodeBuild does, out of a built dist. Node and node_modules are links into this checkout: they are
 * equal in all revisions of a test. Resolves to its folder.
 */
export function makeRevision(folder: string, dist: string, { build, change }: RevisionOptions): string {
  const ownDist = `${folder}-dist`;
  cpSync(dist, ownDist, { recursive: true });
  writeBuildId(ownDist, build);
  change?.(ownDist);
  buildArtifact({
    out: folder,
    dist: ownDist,
    fill: (release) => {
      symlinkSync(join(ROOT, "node_modules"), join(release, "node_modules"));
      symlinkSync(process.execPath, join(release, NODE_NAME));
    },
  });
  return folder;
}
