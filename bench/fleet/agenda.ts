/** What is to happen, in the order of its time; of equal times what was entered first. */
export interface Agenda {
  /** Seconds since the start. */
  now(): number;
  /** Throws for a time that has passed. */
  at(seconds: number, action: () => void): void;
  after(seconds: number, action: () => void): void;
  /** Does the next thing and says that it did; false when there is none, or none before `limitSeconds`. */
  step(limitSeconds: number): boolean;
}

interface Entry {
  readonly at: number;
  readonly order: number;
  readonly action: () => void;
}

const isBefore = (one: Entry, other: Entry): boolean => one.at < other.at || (one.at === other.at && one.order < other.order);

/** An empty agenda at second 0: a binary heap, so that an entry costs the logarithm of how many there are. */
export function createAgenda(): Agenda {
  const heap: Entry[] = [];
  let [now, entered] = [0, 0];
  const at = (seconds: number, action: () => void): void => {
    if (!(seconds >= now)) throw new Error(`second ${seconds} has passed: it is second ${now}`);
    push(heap, { at: seconds, order: entered, action });
    entered += 1;
  };
  return {
    now: () => now,
    at,
    after: (seconds, action) => at(now + seconds, action),
    step: (limitSeconds) => {
      const first = heap[0];
      if (!first || first.at > limitSeconds) return false;
      removeFirst(heap);
      now = first.at;
      first.action();
      return true;
    },
  };
}

function push(heap: Entry[], entry: Entry): void {
  let place = heap.length;
  heap.push(entry);
  while (place > 0) {
    const above = (place - 1) >> 1;
    const parent = heap[above];
    if (!parent || !isBefore(entry, parent)) break;
    heap[place] = parent;
    place = above;
  }
  heap[place] = entry;
}

function removeFirst(heap: Entry[]): void {
  const last = heap.pop();
  if (!last || heap.length === 0) return;
  let place = 0;
  for (;;) {
    const [child, childPlace] = smallerChild(heap, place);
    if (!child || !isBefore(child, last)) break;
    heap[place] = child;
    place = childPlace;
  }
  heap[place] = last;
}

function smallerChild(heap: readonly Entry[], place: number): readonly [Entry | undefined, number] {
  const [left, right] = [heap[2 * place + 1], heap[2 * place + 2]];
  return left && right && isBefore(right, left) ? [right, 2 * place + 2] : [left, 2 * place + 1];
}
