/** Control characters, line separators and the marks that turn text around: what a terminal or a log reader obeys. */
const UNPRINTABLE = /[\p{Cc}\u061C\u200E\u200F\u2028\u2029\u202A-\u202E\u2066-\u2069\uFEFF]|\p{Cs}/gu;

/** The text with every character that a terminal obeys written as \u{…}, cut to `maxLength` characters. */
export const escapeControls = (text: string, maxLength: number): string =>
  cut(text, maxLength).replace(UNPRINTABLE, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);

/** The text on one line without such characters, at most `maxLength` characters; "unknown" when nothing is left. */
export const oneLine = (text: string, maxLength: number): string =>
  cut(text.replace(UNPRINTABLE, " ").replace(/ +/g, " ").trim(), maxLength) || "unknown";

/** Never cuts a surrogate pair in two. */
const cut = (text: string, maxLength: number): string => text.slice(0, maxLength).replace(/[\uD800-\uDBFF]$/, "");
