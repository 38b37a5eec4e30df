import type { Encryption } from "../domain/encryption.ts";
import type { RenditionFacts } from "./facts.ts";
import { element } from "./xml.ts";

/** ISO/IEC 23009-1 5.8.5.2 and the W3C Clear Key system as registered with DASH-IF. */
const MP4_PROTECTION = "urn:mpeg:dash:mp4protection:2011";
const CLEAR_KEY = "urn:uuid:e2719d58-a985-b3c9-781a-b030af78d30e";

/**
 * The ContentProtection elements of an adaptation set, first among its children; none for one in clear. Clear Key is named
 * when there is a licence server for it: key systems of one's own need no more than scheme and key id.
 */
export function contentProtection(facts: RenditionFacts | undefined, encryption: Encryption | undefined): string[] {
  if (!facts?.protection || !encryption) return [];
  const { scheme, keyId } = facts.protection;
  const kid = { "xmlns:cenc": "urn:mpeg:cenc:2013", "cenc:default_KID": uuid(keyId) };
  const { laUrl } = encryption;
  return [
    element("ContentProtection", { schemeIdUri: MP4_PROTECTION, value: scheme, ...kid }),
    ...(laUrl === undefined ? [] : [element("ContentProtection", { schemeIdUri: CLEAR_KEY, value: "ClearKey1.0" }, [licence(laUrl)])]),
  ];
}

const licence = (laUrl: string): string => element("dashif:Laurl", { "xmlns:dashif": "https://dashif.org/CPS" }, laUrl);

const uuid = (digits: string): string => digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
