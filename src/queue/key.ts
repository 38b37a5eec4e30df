/** S3's limit on a key, in bytes of UTF-8. */
export const MAX_KEY_BYTES = 1024;

/** Whether S3 could hold an object under this key: 1 to 1024 bytes of well-formed Unicode. */
export const isObjectKey = (key: string): boolean => key.isWellFormed() && key !== "" && Buffer.byteLength(key) <= MAX_KEY_BYTES;

/**
 * The key an S3 event means: form-decoded, `+` first (a literal plus arrives as %2B), then strict percent-decoding.
 * Undefined for a broken percent sequence, for bytes that are not UTF-8 and for what S3 cannot hold.
 */
export function decodeS3Key(encoded: string): string | undefined {
  // 3 characters encode one byte at most, so a longer text cannot be a key.
  if (encoded.length > 3 * MAX_KEY_BYTES) return undefined;
  try {
    const key = decodeURIComponent(encoded.replaceAll("+", " "));
    return isObjectKey(key) ? key : undefined;
  } catch {
    return undefined;
  }
}
