import type { Logger } from "../telemetry/logger.ts";
import type { Notice, Sighting } from "./notices.ts";

export interface WatchOptions {
  readonly look: () => Promise<Sighting>;
  /** Told of each notice once, the most urgent first. */
  readonly onNotice: (notice: Notice) => void;
  readonly logger: Pick<Logger, "info" | "warn">;
  readonly everyMs?: number;
}

/** AWS asks for a look at the Spot notice every 5 s. */
const EVERY_MS = 5000;

/**
 * Looks at once and then every 5 s until it is disposed of; a look is never begun before the one before has ended. What
 * cannot be read is logged when it begins and when it ends, and changes nothing (R-D9).
 */
export function watchNotices({ look, onNotice, logger, everyMs = EVERY_MS }: WatchOptions): Disposable {
  const seen = new Set<Notice>();
  let failing = false;
  let timer: NodeJS.Timeout | undefined;
  let ended = false;
  const tellChange = (failures: readonly unknown[]): void => {
    if (failures.length > 0 === failing) return;
    failing = !failing;
    if (failing) logger.warn({ err: failures[0] }, "instance metadata cannot be read; running on without");
    else logger.info("instance metadata can be read again");
  };
  const round = async (): Promise<void> => {
    const { notices, failures } = await look();
    if (ended) return;
    tellChange(failures);
    for (const notice of notices.filter((one) => !seen.has(one))) {
      seen.add(notice);
      onNotice(notice);
    }
    timer = setTimeout(() => void round(), everyMs);
  };
  void round();
  return {
    [Symbol.dispose]: () => {
      ended = true;
      clearTimeout(timer);
    },
  };
}
