import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";

const ROOT = resolve(import.meta.dirname, "..");
/** What the hooks read of a revision. */
const REVISION = [
  "appspec.yml",
  ...["codedeploy", "install-ffmpeg.sh", "systemd", "logrotate", "cloudwatch"].map((name) => `deploy/${name}`),
];
const RELEASE = ["config", "package.json", "ecosystem.config.js", "LICENSE"];
/** The production dependencies, and PM2 with its own. */
const MODULES = ".prod, #pm2, #pm2 *";
/** Of programs for other systems. */
const FOREIGN = ["node_modules/shaka-packager/bin/packager-osx-*", "node_modules/shaka-packager/bin/packager-win-*"];

/** Node for an instance, by architecture: the npm packages of the version that the tests run on, and their archives' digests. */
export const NODE = {
  version: "24.21.0",
  integrity: {
    x64: "sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==",
    arm64: "sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==",
  },
} as const;
type Architecture = keyof typeof NODE.integrity;

export interface ArtifactRequest {
  /** Made anew. */
  readonly out: string;
  /** A built dist, with its build.json. */
  readonly dist: string;
  /** Puts node_modules and runtime/node-<architecture> into the release. */
  readonly fill: (release: string) => void;
}

/**
 * Makes the folder that CodeDeploy takes: appspec.yml, the hooks, and release.tar.gz with everything that runs on an instance,
 * PM2 and Node too. One archive, because links and modes do not survive every zip.
 */
export function buildArtifact({ out, dist, fill }: ArtifactRequest): void {
  if (!existsSync(join(dist, "build.json"))) throw new Error(`${dist} holds no build: npm run build`);
  rmSync(out, { recursive: true, force: true });
  for (const name of REVISION) cpSync(join(ROOT, name), join(out, name), { recursive: true });
  const release = mkdtempSync(`${out}-release-`);
  try {
    for (const name of RELEASE) cpSync(join(ROOT, name), join(release, name), { recursive: true });
    cpSync(dist, join(release, "dist"), { recursive: true });
    mkdirSync(join(release, "runtime"));
    fill(release);
    const excluded = FOREIGN.map((pattern) => `--exclude=./${pattern}`);
    const sameEverywhere = ["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mode=go=rX,u+rw"];
    run("tar", ["--create", "--gzip", "--file", join(out, "release.tar.gz"), ...sameEverywhere, ...excluded, "-C", release, "."]);
  } finally {
    rmSync(release, { recursive: true, force: true });
  }
}

/** Copies what production needs of this checkout's node_modules, by hard links: nothing is fetched. */
export function copyModules(release: string): void {
  const found = z.array(z.object({ location: z.string() })).parse(JSON.parse(run("npm", ["query", MODULES])));
  const locations = new Set(found.map(({ location }) => location).filter((location) => location.startsWith("node_modules/")));
  // The modules of a module come with it.
  const copied = [...locations].filter((location) => ![...locations].some((other) => location.startsWith(`${other}/`)));
  run("cp", ["--archive", "--link", "--parents", ...copied, release]);
}

/** Fetches Node for one architecture, whatever this machine's is. Throws when the archive is not the one that is pinned. */
export function fetchNode(release: string, architecture: Architecture): void {
  const folder = mkdtempSync(join(release, "fetched-"));
  try {
    const name = `node-linux-${architecture}@${NODE.version}`;
    const packed = JSON.parse(run("npm", ["pack", name, "--json", "--pack-destination", folder]));
    const file = join(folder, z.tuple([z.object({ filename: z.string() })]).parse(packed)[0].filename);
    requireDigest(file, NODE.integrity[architecture]);
    run("tar", ["--extract", "--file", file, "-C", folder, "package/bin/node"]);
    cpSync(join(folder, "package/bin/node"), join(release, `runtime/node-${architecture}`));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Throws unless the file has this digest, as npm writes it ("sha512-…"). */
export function requireDigest(file: string, integrity: string): void {
  const actual = `sha512-${createHash("sha512").update(readFileSync(file)).digest("base64")}`;
  if (actual !== integrity) throw new Error(`${file} is not the archive that was meant: ${actual}, not ${integrity}`);
}

function run(program: string, args: readonly string[]): string {
  return execFileSync(program, args, { cwd: ROOT, encoding: "utf8", maxBuffer: 64 * 1024 * 1024, stdio: ["ignore", "pipe", "inherit"] });
}

const isArchitecture = (name: string): name is Architecture => name in NODE.integrity;

function main(argv: readonly string[]): void {
  const { values, positionals } = parseArgs({
    args: [...argv],
    options: { node: { type: "string", multiple: true, default: [process.arch] } },
    allowPositionals: true,
  });
  const architectures = values.node.map((name) => {
    if (isArchitecture(name)) return name;
    throw new Error(`there is no Node for ${name}, but for ${Object.keys(NODE.integrity).join(" and ")}`);
  });
  const out = resolve(positionals[0] ?? "artifact");
  buildArtifact({
    out,
    dist: join(ROOT, "dist"),
    fill: (release) => {
      copyModules(release);
      for (const architecture of architectures) fetchNode(release, architecture);
    },
  });
  console.log(`${out}: release.tar.gz with Node for ${architectures.join(" and ")}`);
}

if (import.meta.main) main(process.argv.slice(2));
