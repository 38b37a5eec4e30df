/** The largest body SQS carries (1 MiB since August 2025). */
export const MAX_BODY_BYTES = 1024 * 1024;
/** S3's own events are 6 levels deep; wrapped ones carry the inner text as a string. */
const MAX_DEPTH = 32;

export type BoundedJson = { readonly kind: "value"; readonly value: unknown } | { readonly kind: "unreadable"; readonly reason: string };

/** Parses JSON of at most 1 MiB and 32 levels; says why when it cannot. The depth is checked before anything is built. */
export function parseBoundedJson(text: string): BoundedJson {
  if (text.trim() === "") return { kind: "unreadable", reason: "the body is empty" };
  if (Buffer.byteLength(text) > MAX_BODY_BYTES) return { kind: "unreadable", reason: `the body is larger than ${MAX_BODY_BYTES} bytes` };
  if (isTooDeep(text)) return { kind: "unreadable", reason: `the body is nested deeper than ${MAX_DEPTH} levels` };
  try {
    return { kind: "value", value: JSON.parse(text) };
  } catch {
    return { kind: "unreadable", reason: "the body is not JSON" };
  }
}

/** One pass over the text, so that no body costs more than its length. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (inString) {
      if (character === "\\") at += 1;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else depth += depthChange(character);
    if (depth > MAX_DEPTH) return true;
  }
  return false;
}

function depthChange(character: string | undefined): number {
  if (character === "{" || character === "[") return 1;
  return character === "}" || character === "]" ? -1 : 0;
}
