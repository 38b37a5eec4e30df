/** What a player may show of a cue; the rest of a file is dropped here, so that nothing in it reaches a manifest or a page. */
const KEPT_TAG = /^<(\/?)(b|i|u|ruby|rt|c|v|lang)((?:\.[\w-]{1,32}){0,4})(?:[ \t]+([^<>&"=]{0,100}))?>$/i;
/** What a parser of WebVTT or HTML takes for a tag, and the times of karaoke. */
const TAG = /(<(?:\/?[A-Za-z][^<>]*|\d[\d:.]*)>)/;
/** The names that W3C WebVTT cue text knows (4.2.2), and numbers. */
const STRAY_AMPERSAND = /&(?!(?:amp|lt|gt|nbsp|lrm|rlm|quot|apos|#\d{1,7}|#x[\da-f]{1,6});)/gi;
/** SubRip files carry the overrides of SubStation Alpha, such as {\an8}. */
const OVERRIDE = /\{\\[^{}]*\}/g;
const ANNOTATED: ReadonlySet<string> = new Set(["v", "lang"]);
/** A screen is 2 lines of 40; more than this is no subtitle. */
const MAX_CUE_CHARACTERS = 4096;

/** The lines of a cue as WebVTT: none empty, none that would end the cue or begin another one, only harmless tags, all else escaped. */
export function cueText(lines: readonly string[]): string {
  let characters = 0;
  const kept = lines.flatMap((line) => {
    const cleaned = cleanLine(line);
    characters += cleaned.length;
    return cleaned.trim() === "" || characters > MAX_CUE_CHARACTERS ? [] : cleaned;
  });
  return kept.join("\n");
}

function cleanLine(line: string): string {
  const plain = line
    .replaceAll(/[\p{Cc}\u2028\u2029]/gu, "")
    .replaceAll(OVERRIDE, "")
    .replaceAll("-->", "→");
  return plain
    .split(TAG)
    .map((part, index) => (index % 2 === 1 ? keptTag(part) : escaped(part)))
    .join("");
}

function keptTag(tag: string): string {
  const [, slash, name = "", classes = "", annotation = ""] = KEPT_TAG.exec(tag) ?? [];
  const known = name.toLowerCase();
  if (slash === undefined) return "";
  if (slash === "/") return `</${known}>`;
  return ANNOTATED.has(known) && annotation !== "" ? `<${known}${classes} ${annotation.trim()}>` : `<${known}${classes}>`;
}

const escaped = (text: string): string => text.replaceAll(STRAY_AMPERSAND, "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
