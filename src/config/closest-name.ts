/** The candidate that takes the fewest single-letter edits to become `name`; undefined when there is no candidate. */
export function closestName(name: string, candidates: readonly string[]): string | undefined {
  return candidates.toSorted((a, b) => editDistance(name, a) - editDistance(name, b))[0];
}

/** Levenshtein distance, a row at a time. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (const [index, letter] of from.split("").entries()) {
    const next = [index + 1];
    for (const [column, other] of to.split("").entries()) {
      const [left = 0, above = 0, diagonal = 0] = [next[column], row[column + 1], row[column]];
      next.push(Math.min(left + 1, above + 1, diagonal + (letter === other ? 0 : 1)));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
