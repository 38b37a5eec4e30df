/** Drawn two columns wide by terminals (Unicode UAX #11, near enough for file names). */
const WIDE = /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Emoji_Presentation}\uFF01-\uFF60]/u;
const ZERO = /^[\p{Mn}\p{Me}\p{Cf}]+$/u;
const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

/** Names come from uploads: without control characters, which could drive the terminal. */
export const plainText = (text: string): string => text.replace(/[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/gu, "?");

/** How many columns a terminal takes for it. */
export const columnsOf = (text: string): number => [...graphemes.segment(text)].reduce((sum, { segment }) => sum + width(segment), 0);

/** The text cut to at most so many columns, with an ellipsis where it was cut. */
export function clip(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  let [kept, used] = ["", 0];
  for (const { segment } of graphemes.segment(text)) {
    if (used + width(segment) > columns - 1) break;
    kept += segment;
    used += width(segment);
  }
  return columns > 0 ? `${kept}…` : "";
}

/** The text in exactly so many columns: cut, or filled with spaces. */
export function fit(text: string, columns: number): string {
  const clipped = clip(text, columns);
  return clipped + " ".repeat(Math.max(0, columns - columnsOf(clipped)));
}

function width(grapheme: string): number {
  if (ZERO.test(grapheme)) return 0;
  return WIDE.test(grapheme) ? 2 : 1;
}
