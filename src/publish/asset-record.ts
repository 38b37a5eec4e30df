import { z } from "zod";
import type { EncodePlan } from "../domain/encode-plan.ts";
import { DASH_POINTER, HLS_POINTER, revisionBase } from "../domain/output-layout.ts";
import { encodeSecondsOn } from "../domain/estimate.ts";
import { formatRational } from "../domain/rational.ts";
import { averageBps, peakBps, targetDuration } from "../packaging/bandwidth.ts";
import type { RenditionFacts } from "../packaging/facts.ts";
import { endSeconds, segmentSpans } from "../packaging/facts.ts";
import type { Presentation } from "../packaging/presentation.ts";
import { POSTER, STORYBOARD_INDEX } from "../packaging/storyboard.ts";

const rendition = z.looseObject({ id: z.string(), codecs: z.string() });

const textEntry = z.looseObject({
  id: z.string(),
  language: z.string(),
  name: z.string(),
  forced: z.boolean(),
  sdh: z.literal(true).exactOptional(),
  sourceHash: z.string().exactOptional(),
});

/** A name without a folder. */
const OWN_NAME = /^[\w.-]{1,128}$/;

/** What a rollback took off the air, and when: it does not come back by the messages that were sent before. */
const withdrawn = z.looseObject({ sourceId: z.string(), ladderHash: z.string(), at: z.string() });

const schema = z.looseObject({
  ladderd: z.literal(1),
  assetPath: z.string(),
  revision: z.string().regex(/^[0-9A-Za-z-]+$/),
  source: z.looseObject({ id: z.string(), sizeBytes: z.number() }),
  durationSeconds: z.number(),
  renditions: z.array(rendition),
  text: z.array(textEntry).exactOptional(),
  complete: z.literal(false).exactOptional(),
  /** A job named this version of the source; its key may hold another. */
  pinned: z.literal(true).exactOptional(),
  ladder: z.string(),
  ladderHash: z.string(),
  degraded: z.array(z.string()).readonly().exactOptional(),
  /** Keys that players of Elastic Transcoder know, and the stream of the revision that is behind each. */
  keys: z.record(z.string().regex(OWN_NAME), z.string().regex(OWN_NAME)).exactOptional(),
  previous: z
    .string()
    .regex(/^[0-9A-Za-z-]+$/)
    .exactOptional(),
  withdrawn: withdrawn.exactOptional(),
  createdAt: z.string(),
  publishedAt: z.string(),
});

/** The part of asset.json that decisions are made on; fields of other versions are carried along unread. */
export type AssetRecord = Readonly<z.infer<typeof schema>>;

/** Reads an asset.json; undefined when it is not one of ours (another program's object, or a future major version). */
export function parseAssetRecord(text: string): AssetRecord | undefined {
  try {
    const parsed = schema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The record as it replaces `published`: it names the revision before it, which an early part of its own job is not; all of
 * an early part is of the latest wish for either.
 */
export function succeeding({ previous: _stale, ...record }: AssetRecord, published: AssetRecord | undefined): AssetRecord {
  if (!published) return record;
  const previous = published.complete === false ? published.previous : published.revision;
  return {
    ...record,
    ...laterWish(record, published),
    ...(previous === undefined || previous === record.revision ? {} : { previous }),
  };
}

function laterWish(record: AssetRecord, { source, ladderHash, createdAt, pinned }: AssetRecord): Partial<AssetRecord> {
  const isSame = source.id === record.source.id && ladderHash === record.ladderHash;
  if (!isSame || Date.parse(createdAt) <= Date.parse(record.createdAt)) return {};
  return { createdAt, ...(pinned ? { pinned } : {}) };
}

/** What the encode took, and on how many cores it was estimated. Seconds of wall-clock time. */
export interface EncodeWork {
  readonly seconds: number;
  readonly cores: number;
}

export interface AssetIdentity {
  readonly assetPath: string;
  readonly revision: string;
  readonly source: { readonly id: string; readonly sizeBytes: number };
  readonly ladderHash: string;
  readonly engine: string;
  /** False for an early part of what the ladder gives. */
  readonly isComplete: boolean;
  /** A job named this version of the source. */
  readonly isPinned?: boolean;
  readonly encode: EncodeWork;
  /** When the job was enqueued, as far as known (ISO 8601): decides between two ladders of one source. */
  readonly createdAt: string;
  readonly publishedAt: string;
}

/** What asset.json says of what is played, whoever made it. */
export interface AssetDescription {
  /** Duration, size, renditions, sound, text and pictures, as they stand in it. */
  readonly shown: Pick<AssetRecord, "durationSeconds" | "renditions" | "text">;
  readonly encryption?: { readonly scheme: string; readonly keyId: string };
  /** Of the media. */
  readonly bytes: number;
  readonly plan: Pick<EncodePlan, "ladder" | "estimate">;
}

/** asset.json as ARCHITECTURE.md has it: public, so nothing in it names the upload. */
export const assetRecord = (identity: AssetIdentity, presentation: Presentation, degraded: readonly string[]): AssetRecord =>
  withKeys(describedRecord(identity, descriptionOf(presentation, identity.revision), degraded), presentation.transport?.keys);

/** The record of a revision that is also known by these keys. */
export const withKeys = (record: AssetRecord, keys: AssetRecord["keys"]): AssetRecord => (keys ? { ...record, keys } : record);

/** As assetRecord, of media that was described already. */
export function describedRecord(identity: AssetIdentity, described: AssetDescription, degraded: readonly string[]): AssetRecord {
  const { assetPath, revision, source, ladderHash, engine, isComplete, isPinned, createdAt, publishedAt } = identity;
  const { shown, encryption, plan } = described;
  return {
    ladderd: 1,
    assetPath,
    revision,
    ...(isComplete ? {} : { complete: false }),
    ...(isPinned ? { pinned: true } : {}),
    source,
    ...shown,
    hls: HLS_POINTER,
    dash: DASH_POINTER,
    ...(encryption ? { encryption } : {}),
    engine,
    ...work(identity.encode, described),
    ladder: plan.ladder,
    ladderHash,
    ...(degraded.length > 0 ? { degraded } : {}),
    createdAt,
    publishedAt,
  };
}

function descriptionOf(presentation: Presentation, revision: string): AssetDescription {
  const { plan, video, audio } = presentation;
  const target = targetDuration([...video, ...audio].map(({ facts }) => facts));
  const top = video.at(-1)?.rendition;
  const sizes = [...video, ...audio].map(
    ({ facts }) => facts.initBytes + facts.segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  );
  return {
    shown: {
      durationSeconds: duration(plan, presentation),
      ...(top ? { width: top.width, height: top.height, frameRate: formatRational(plan.timeline.frameRate) } : {}),
      renditions: [
        ...video.toReversed().map(({ rendition: { id, kind, width, height, copied }, facts }) => ({
          id,
          kind,
          codecs: facts.codecs,
          width,
          height,
          ...rates(facts, target),
          ...(copied ? { copied } : {}),
        })),
        ...audio.map(({ rendition: { id, kind }, facts }) => ({ id, kind, codecs: facts.codecs, ...rates(facts, target) })),
      ],
      ...soundEntries(presentation),
      text: textEntries(presentation),
      ...pictureEntries(presentation, revision),
    },
    ...encryptionOf(presentation),
    bytes: sizes.reduce((sum, bytes) => sum + bytes, 0),
    plan,
  };
}

const soundEntries = ({ audio }: Presentation) => ({
  audio: audio.map(({ rendition: { id, language, name, channels, isDefault } }) => ({ id, language, name, channels, default: isDefault })),
});

/** The measured size and time beside what the plan expected. */
function work({ seconds, cores }: EncodeWork, { bytes, plan: { estimate } }: AssetDescription) {
  const rounded = (value: number): number => Math.round(value * 10) / 10;
  return {
    bytes,
    encodeSeconds: rounded(seconds),
    estimate: { basis: estimate.basis, bytes: estimate.bytes, encodeSeconds: rounded(encodeSecondsOn(cores, estimate)) },
  };
}

/** The text renditions as asset.json lists them; the hash of a file is there, so that it is not attached twice. */
export const textEntries = ({ text }: Pick<Presentation, "text">) =>
  text.map(({ rendition: { id, language, name, forced, sdh }, sourceHash }) => ({
    id,
    language,
    name,
    forced,
    ...(sdh ? { sdh } : {}),
    ...(sourceHash === undefined ? {} : { sourceHash }),
  }));

/** Scheme and key id stand in the manifests as well; the key does not exist here. */
function encryptionOf({ plan, video, audio }: Presentation): { encryption?: { scheme: string; keyId: string } } {
  const protection = (video[0] ?? audio[0])?.facts.protection;
  return protection && plan.encryption ? { encryption: { scheme: plan.encryption.scheme, keyId: protection.keyId } } : {};
}

/** The record of the revision that has these text renditions instead; whatever else was said of the asset stays. */
export function withText(
  { degraded, ...record }: AssetRecord,
  presentation: Presentation,
  { revision, publishedAt }: Pick<AssetIdentity, "revision" | "publishedAt">,
): AssetRecord {
  const ids = new Set(presentation.text.map((entry) => `text_lost:${entry.rendition.id}`));
  const still = (degraded ?? []).filter((defect) => !ids.has(defect));
  return {
    ...record,
    revision,
    text: textEntries(presentation),
    ...pictureEntries(presentation, revision),
    ...(still.length > 0 ? { degraded: still } : {}),
    publishedAt,
  };
}

/** The pictures of a revision, as URIs relative to the asset. */
const pictureEntries = ({ storyboard }: Presentation, revision: string) =>
  storyboard ? { poster: revisionBase(revision) + POSTER, storyboard: revisionBase(revision) + STORYBOARD_INDEX } : {};

function duration(plan: EncodePlan, { video, audio }: Presentation): number {
  const main = (video[0] ?? audio[0])?.facts;
  return Number((main ? endSeconds(main) : plan.timeline.durationSeconds).toFixed(6));
}

const rates = (facts: RenditionFacts, target: number): { averageBps: number; peakBps: number } => ({
  averageBps: Math.ceil(averageBps(segmentSpans(facts))),
  peakBps: Math.ceil(peakBps(segmentSpans(facts), target)),
});
