import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { findProgram } from "../../src/config/programs.ts";

const INSTALLER = resolve(import.meta.dirname, "../../deploy/install-ffmpeg.sh");
/** Debian keeps some programs where only root looks. */
const SYSTEM_PATH = `${process.env["PATH"] ?? ""}:/usr/sbin`;

/** A program that `install-ffmpeg.sh --with-tools` installs. Throws an error that says how to install it when there is none. */
export function requireTool(program: string): string {
  const debianPackage = new RegExp(`^${program}:(.+)$`, "m").exec(readFileSync(INSTALLER, "utf8"))?.[1];
  if (debianPackage === undefined) throw new Error(`deploy/install-ffmpeg.sh does not install ${program}: add it to its tools`);
  const found = findProgram(program, SYSTEM_PATH);
  if (found === undefined) throw new Error(`${program} is missing: apt-get install ${debianPackage}`);
  return found;
}
