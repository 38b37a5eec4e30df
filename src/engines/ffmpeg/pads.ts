/** The label a rendition leaves the filter graph under. */
export const padOf = (id: string): string => `[${id}]`;

/** A time in a filter expression; the brackets keep a minus sign apart. */
export const filterSeconds = (value: number): string => `(${value.toFixed(6)})`;
