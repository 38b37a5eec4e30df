/** The first in is the first out, at a constant price whatever the length. */
export interface Fifo<T> {
  push(item: T): void;
  shift(): T | undefined;
  first(): T | undefined;
  length(): number;
}

/** What was taken is let go of when it is more than half of what is held. */
const LEAST_COMPACTED = 1024;

/** An empty one. */
export function createFifo<T>(): Fifo<T> {
  let items: T[] = [];
  let head = 0;
  return {
    push: (item) => void items.push(item),
    shift: () => {
      const item = items[head];
      if (head >= items.length) return undefined;
      head += 1;
      if (head > LEAST_COMPACTED && head * 2 > items.length) {
        items = items.slice(head);
        head = 0;
      }
      return item;
    },
    first: () => items[head],
    length: () => items.length - head,
  };
}
