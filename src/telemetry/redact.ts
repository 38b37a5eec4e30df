/** Query parameters that make a URL a permission (SigV4 presigned URLs), also percent-encoded inside another URL. */
const SIGNED_QUERY = /(X-Amz-(?:Signature|Credential|Security-Token)(?:=|%3D))[^&\s"'\\<>]+/gi;
/** Fields that hold a secret, at any depth, also in JSON inside a string. */
const SECRET_FIELD =
  /(\\*")((?:aws_?)?(?:secret_?access_?key|session_?token|access_?key_?id|security_?token)|authorization|password|x-amz-security-token)(\\*"\s*:\s*)(\\*")(?:(?!\4)(?:\\.|[^\\]))*\4/gi;
/** Access key ids as IAM makes them. */
const KEY_ID = /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g;
/** user:password@ of a URL. */
const USER_INFO = /(\b[a-z][a-z0-9+.-]*:\/\/)[^/\s"@\\]+@/gi;

/** The line with signed URLs, credentials and passwords taken out wherever they stand; JSON stays JSON. */
export function redact(line: string): string {
  return line
    .replace(SIGNED_QUERY, "$1[redacted]")
    .replace(SECRET_FIELD, "$1$2$3$4[redacted]$4")
    .replace(KEY_ID, "[redacted]")
    .replace(USER_INFO, "$1[redacted]@");
}

/** DEL, the C1 controls and the line separators, which JSON leaves as they are and terminals obey. */
const UNESCAPED = /[\u007F-\u009F\u2028\u2029]/g;

/** The JSON line with the control characters escaped that JSON.stringify leaves alone (R-X13). */
export const escapeControls = (line: string): string =>
  line.replace(UNESCAPED, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** The JSON line in which escaped control characters stay visible text when it is parsed for a terminal; line breaks stay. */
export const keepEscapes = (line: string): string =>
  line.replace(/\\(?:\\|u00[018-9][0-9a-f]|u007f|[bfr])/gi, (escape) => (escape === "\\\\" ? escape : `\\${escape}`));
