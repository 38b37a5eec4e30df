import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/**
 * A minor collection costs about a millisecond. Without it V8 lets 64 MB of spent socket and file buffers pile up before
 * it frees any: a worker that downloads 400 MB was resident with 165 MB, with it 120 MB, and no slower (Node 24.21). On a
 * busy machine 32 MB pile up between collections after 8 MiB each, 13 MB after 2 MiB.
 */
const COLLECT_EVERY_BYTES = 2 * 1024 * 1024;

/** Counts bytes that went through buffers which are garbage now, and has them freed after every 2 MiB. */
export function createBufferDebt(): (bytes: number) => void {
  const collect = minorCollection();
  let debt = 0;
  return (bytes) => {
    debt += bytes;
    if (debt < COLLECT_EVERY_BYTES) return;
    debt = 0;
    collect();
  };
}

function minorCollection(): () => void {
  setFlagsFromString("--expose-gc");
  const gc: unknown = runInNewContext("gc");
  return typeof gc === "function" ? () => void Reflect.apply(gc, undefined, [{ type: "minor" }]) : () => {};
}
