import { z } from "zod";
import type { LadderEncryption } from "../domain/encryption.ts";
import { HLS_KEY_FORMATS, PROTECTION_SCHEMES } from "../domain/encryption.ts";
import type { Ladder } from "../domain/ladder.ts";
import type { Config, Environment, Settings } from "./config.ts";

const LOOPBACK = /^(?:localhost|\[::1\]|127(?:\.\d{1,3}){3})$/;
/** Keys and what opens them travel over TLS, or not beyond this machine. */
const isPrivate = ({ protocol, hostname }: URL): boolean => protocol === "https:" || (protocol === "http:" && LOOPBACK.test(hostname));
const isBare = ({ username, password }: URL): boolean => username === "" && password === "";

const serverUrl = z.string().refine((text) => URL.canParse(text) && isPrivate(new URL(text)) && isBare(new URL(text)), {
  message: "must be an https URL without credentials (http for a loopback address)",
});

/** What stands between quotes in a playlist (RFC 8216bis 4.2): FairPlay's URIs are of scheme skd. */
const hlsKeyUri = z.string().refine((text) => /^(?:https|skd):\/\/[\x21\x23-\x7e]+$/.test(text) || isLoopbackUri(text), {
  message: "must be an https or skd URI (http for a loopback address)",
});
const isLoopbackUri = (text: string): boolean => /^http:[\x21\x23-\x7e]+$/.test(text) && URL.canParse(text) && isPrivate(new URL(text));

const reference = z.string().regex(/^(?:env:[A-Za-z_]\w*|file:\/.+)$/, {
  message: 'must be "env:NAME" or "file:/path"; a secret of AWS Secrets Manager is given through a key server, or as a file',
});

const keySource = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("secret"), reference }),
  z.strictObject({
    kind: z.literal("server"),
    url: serverUrl,
    timeoutSeconds: z.number().min(0.1).max(120).default(10),
    authorization: reference.exactOptional(),
  }),
]);

/** The schema of a ladder's `encryption`; an unknown key is an error. */
export const encryption = z
  .strictObject({
    scheme: z.enum(PROTECTION_SCHEMES),
    keySource,
    hlsKeyUri,
    hlsKeyFormat: z.enum(HLS_KEY_FORMATS).default("identity"),
    laUrl: serverUrl.exactOptional(),
  })
  .refine(({ scheme, hlsKeyFormat }) => scheme === "cbcs" || hlsKeyFormat !== "com.apple.streamingkeydelivery", {
    path: ["scheme"],
    message: "must be cbcs: FairPlay decrypts nothing else",
  });

/** Names of the environment variables that the ladders' encryption refers to. */
export const secretVariables = (ladders: Iterable<Ladder>): readonly string[] => [
  ...new Set([...ladders].flatMap((ladder) => (ladder.encryption ? referencesOf(ladder.encryption) : []))),
];

function referencesOf({ keySource: source }: LadderEncryption): readonly string[] {
  const references = source.kind === "secret" ? [source.reference] : [source.authorization ?? ""];
  return references.flatMap((text) => (text.startsWith("env:") ? text.slice("env:".length) : []));
}

/** Looks up a variable that the ladders refer to, and no other; a function, so that printing the configuration shows no secret. */
export const environmentSecretOf = (env: Environment, names: readonly string[]): Config["environmentSecret"] => {
  const values = new Map(names.map((name) => [name, env[name]?.trim()]));
  return (name) => values.get(name) || undefined;
};

/** One problem for each variable that a ladder's encryption refers to and that is not set. */
export const missingSecrets = (ladders: ReadonlyMap<string, Ladder>, { environmentSecret }: Config): readonly string[] =>
  secretVariables(ladders.values())
    .filter((name) => environmentSecret(name) === undefined)
    .map((name) => `${name}: is not set, and a ladder's encryption takes its secret from it`);

/** One problem for each encrypted ladder where the old layout is asked for: what is encrypted here is CMAF alone. */
export const layoutProblems = (ladders: ReadonlyMap<string, Ladder>, { compat }: Pick<Settings, "compat">): readonly string[] =>
  compat.outputLayout === "ladderd"
    ? []
    : [...ladders].flatMap(([name, { encryption: found }]) =>
        found ? [`compat.outputLayout: ladder ${name} is encrypted, and MPEG-TS would be in clear; choose one of them`] : [],
      );
