/** A page of a list and the token of the next, which is its position. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextToken?: string;
}

/** Cuts a page out of a list. */
export function pageOf<T>(list: readonly T[], { token, size }: { token: string | null | undefined; size: number }): Page<T> {
  const start = Number(token ?? 0);
  const end = start + size;
  return { items: list.slice(start, end), ...(end < list.length ? { nextToken: String(end) } : {}) };
}
