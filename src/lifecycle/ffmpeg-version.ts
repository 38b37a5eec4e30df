/** A version as numbers, most significant first. */
export type Version = readonly number[];

/** "5.1.9-0+deb12u1" and "n7.1" as numbers; undefined for builds named after a commit or a date. */
export function parseVersion(text: string): Version | undefined {
  const found = /^n?(\d{1,2}(?:\.\d+){0,3})(?![\d.]*-\d{2}-)/.exec(text)?.[1];
  return found?.split(".").map(Number);
}

/** Whether `version` is older than `other`; parts that are not there count as 0. */
export function isOlder(version: Version, other: Version): boolean {
  for (let index = 0; index < Math.max(version.length, other.length); index += 1) {
    const difference = (version[index] ?? 0) - (other[index] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

/** The first releases of their lines without CVE-2026-8461 (RELIABILITY.md, CVE floor). */
const FIXED: readonly Version[] = [
  [8, 1, 2],
  [8, 0, 3],
  [7, 1, 5],
];

/** Whether known holes of this version are closed upstream; distributions close them under older numbers. */
export function isRecommended(version: Version): boolean {
  const line = FIXED.find(([major, minor]) => version[0] === major && version[1] === minor);
  return line ? !isOlder(version, line) : !isOlder(version, [8, 2]);
}
