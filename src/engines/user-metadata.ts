/** Both services: ten pairs, keys of 1 to 128 and values of up to 256 characters of one set. */
const MAX_PAIRS = 10;
const MAX_KEY_CHARS = 128;
const MAX_VALUE_CHARS = 256;
/** The percent sign is of the set, too, but stands for itself in nothing that we write. */
const ALLOWED = /^[0-9A-Za-z _.:/=+@-]$/;

/** The pair by which a lost submit is found again. */
export const TOKEN_KEY = "ladderd-token";

/**
 * The metadata of a remote job: the token first, then the user's own in their order, as many as there is room for. What the
 * services' character set lacks is percent-encoded. Throws RangeError for a token that would not survive as it is.
 */
export function userMetadata(token: string, own: Readonly<Record<string, string>>): Record<string, string> {
  if (token.length > MAX_VALUE_CHARS || encoded(token) !== token) throw new RangeError(`not a token: ${token}`);
  const pairs = Object.entries(own).flatMap(([key, value]) => {
    const name = encodedWithin(key, MAX_KEY_CHARS);
    return name === "" || name === TOKEN_KEY ? [] : [[name, encodedWithin(value, MAX_VALUE_CHARS)] as const];
  });
  return Object.fromEntries([[TOKEN_KEY, token] as const, ...pairs.slice(0, MAX_PAIRS - 1)]);
}

const encoded = (text: string): string => encodedWithin(text, Number.MAX_SAFE_INTEGER);

/** Whole characters only, so that what is cut can still be decoded. */
function encodedWithin(text: string, maxChars: number): string {
  let result = "";
  for (const character of text.toWellFormed()) {
    const next = ALLOWED.test(character) ? character : percentEncoded(character);
    if (result.length + next.length > maxChars) break;
    result += next;
  }
  return result;
}

const percentEncoded = (character: string): string =>
  [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("");
