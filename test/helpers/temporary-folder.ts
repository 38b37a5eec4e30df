import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder that is gone when the test ends, however it ends. */
export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string;
  readonly in: (...names: readonly string[]) => string;
}

export async function temporaryFolder(): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(tmpdir(), "ladderd-test-"));
  return { path, in: (...names) => join(path, ...names), [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
