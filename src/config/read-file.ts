import { readdirSync, readFileSync } from "node:fs";

/** The text of a file of the configuration; what is bundled into one file carries those of the package in this module's place. */
export const readText = (path: string): string => readFileSync(path, "utf8");

/** The names of the files in a folder of the configuration, from the same place. */
export const filesIn = (directory: string): readonly string[] => readdirSync(directory);
