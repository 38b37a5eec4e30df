import { StorageError } from "../domain/errors.ts";

/** How often the requests of one transfer may be made again, whoever makes them: the SDK or the transfer (RELIABILITY.md R-L5). */
export interface RepeatBudget {
  /** Takes the right to one repeat. Throws StorageError when there is none left. */
  take(): void;
  /** Something got through: the storm is not everywhere, and one repeat more may be made. */
  giveBack(): void;
  isSpent(): boolean;
}

/** A budget of so many repeats in a storm, in which nothing gets through. */
export function createRepeatBudget(repeats: number): RepeatBudget {
  let left = repeats;
  let isSpent = false;
  return {
    take: () => {
      if (left === 0) {
        isSpent = true;
        throw new StorageError(`S3 does not serve: ${repeats} requests of one transfer were made again`);
      }
      left -= 1;
    },
    giveBack: () => {
      left = Math.min(repeats, left + 1);
    },
    isSpent: () => isSpent,
  };
}
