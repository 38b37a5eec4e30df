import { fileURLToPath } from "node:url";

/** Where a golden file lies; its name says what it is of. */
export const golden = (name: string): string => fileURLToPath(new URL(`../fixtures/golden/${name}`, import.meta.url));
