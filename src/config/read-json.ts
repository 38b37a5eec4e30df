import { readText } from "./read-file.ts";

/** What a JSON file holds, or the one-line problem with it, under the name that people know it by. */
export function readJson(path: string, name: string): { readonly value?: unknown; readonly problem?: string } {
  try {
    const value: unknown = JSON.parse(readText(path));
    return { value };
  } catch (error) {
    return { problem: `${name}: cannot be read: ${error instanceof Error ? error.message : String(error)}` };
  }
}
