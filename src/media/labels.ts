const MAX_TITLE_LENGTH = 80;

/**
 * A language tag as manifests want it: BCP 47, the shortest code ("eng" becomes "en"), "und" for anything that is not a
 * tag. Nothing else of the source's text gets through (R-X11).
 */
export function languageTag(value: string | undefined): string {
  if (!value || !/^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}$/.test(value)) return "und";
  try {
    return Intl.getCanonicalLocales(value)[0] ?? "und";
  } catch {
    return "und";
  }
}

/** A title that is safe in a quoted string of a playlist and in XML: one line, no quotes, at most 80 characters. */
export function safeTitle(value: string | undefined): string | undefined {
  const cleaned = (value ?? "")
    .normalize("NFC")
    .replaceAll(/[\p{C}"<>&\\]+/gu, " ")
    .replaceAll(/\s+/g, " ")
    .trim();
  return [...cleaned].slice(0, MAX_TITLE_LENGTH).join("") || undefined;
}
