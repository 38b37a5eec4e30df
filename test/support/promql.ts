/** A selector of an expression: a name, and what its labels are compared with. */
export interface Selector {
  readonly metric: string;
  readonly matchers: readonly { readonly label: string; readonly operator: string; readonly value: string }[];
}

/** What of the registry an expression speaks of, by its text: enough to compare names, not to evaluate. */
export interface Mentioned {
  readonly selectors: readonly Selector[];
  /** In `by (…)` and `on (…)`. */
  readonly grouped: readonly string[];
}

/** Finds the selectors of an expression's own metrics, and the labels that it groups by. */
export function mentionedIn(expression: string): Mentioned {
  const selectors = [...expression.matchAll(/\b(ladderd_\w+|up)\b(?:\{([^}]*)\})?/g)].map(([, metric = "", inner = ""]) => ({
    metric,
    matchers: [...inner.matchAll(/(\w+)\s*(=~|!=|!~|=)\s*"([^"]*)"/g)].map(([, label = "", operator = "", value = ""]) => ({
      label,
      operator,
      value,
    })),
  }));
  const lists = [...expression.matchAll(/\b(?:by|on)\s*\(([^)]*)\)/g)].flatMap(([, inner = ""]) => inner.split(","));
  return { selectors, grouped: [...new Set(lists.map((label) => label.trim()).filter((label) => label !== ""))] };
}
