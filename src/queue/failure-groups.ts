/** One failure as `redrive` sees it. */
export interface FailureFacts {
  readonly fingerprint: string;
  readonly code: string;
  readonly reason: string;
  /** Key of the source, or the beginning of a body that names none. */
  readonly example: string;
  readonly keptAtMs?: number;
}

/** Failures that are alike. Times are ISO 8601. */
export interface FailureGroup {
  readonly fingerprint: string;
  readonly code: string;
  readonly reason: string;
  readonly count: number;
  readonly example: string;
  readonly first?: string;
  readonly last?: string;
}

/** Which failures are meant. */
export type RedriveChoice =
  | { readonly kind: "none" }
  | { readonly kind: "all" }
  | { readonly kind: "some"; readonly fingerprint?: string; readonly code?: string };

/** Whether the choice means this failure; of two conditions both must hold. */
export function isChosen(choice: RedriveChoice, { fingerprint, code }: Pick<FailureFacts, "fingerprint" | "code">): boolean {
  if (choice.kind !== "some") return choice.kind === "all";
  return (choice.fingerprint ?? fingerprint) === fingerprint && (choice.code ?? code) === code;
}

/** Groups of failures in the memory of a group each, however many there are; the largest come first. */
export function failureGroups() {
  const groups = new Map<string, FailureGroup>();
  return {
    add: (failure: FailureFacts): void => {
      const { fingerprint, code, reason, example, keptAtMs } = failure;
      const before = groups.get(fingerprint) ?? { fingerprint, code, reason, example, count: 0 };
      groups.set(fingerprint, { ...before, count: before.count + 1, ...span(before, keptAtMs) });
    },
    list: (): readonly FailureGroup[] => [...groups.values()].toSorted((a, b) => b.count - a.count),
  };
}

function span({ first, last }: Pick<FailureGroup, "first" | "last">, keptAtMs: number | undefined): Pick<FailureGroup, "first" | "last"> {
  if (keptAtMs === undefined) return {};
  const at = new Date(keptAtMs).toISOString();
  return { first: first !== undefined && first < at ? first : at, last: last !== undefined && last > at ? last : at };
}
