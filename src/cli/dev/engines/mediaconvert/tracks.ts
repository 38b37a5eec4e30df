import type { InputFacts, InputStream } from "../input-facts.ts";
import { JobFailed } from "../drive-job.ts";
import { JOB_ERRORS } from "./errors.ts";
import type { AudioDescription, AudioSelector, CaptionSelector, JobSettings } from "./settings.ts";

/** Where ffmpeg finds a captions track: in the film, or in a further input. */
export type CaptionSource = { readonly kind: "track"; readonly place: number } | { readonly kind: "file"; readonly uri: string };

const ofKind = ({ streams }: InputFacts, kind: InputStream["kind"]): readonly InputStream[] =>
  streams.filter((stream) => stream.kind === kind);

/** The sound that an audio description asks for, as its place among the input's. Throws JobFailed 1021 when there is none. */
export function audioPlace({ audioSourceName }: AudioDescription, { inputs: [input] }: JobSettings, facts: InputFacts): number {
  const selectors = Object.entries(input.audioSelectors);
  const chosen =
    selectors.find(([name]) => name === audioSourceName) ?? selectors.find(([, { defaultSelection }]) => defaultSelection === "DEFAULT");
  const found = chosen === undefined ? ofKind(facts, "audio")[0] : select(chosen[1], ofKind(facts, "audio"));
  if (found === undefined) throw new JobFailed(JOB_ERRORS.noAudio, "The input has no audio track that the selector asks for.");
  return found.place;
}

function select({ selectorType = "TRACK", tracks: [first = 1] = [], languageCode = "" }: AudioSelector, audio: readonly InputStream[]) {
  return selectorType === "LANGUAGE_CODE"
    ? audio.find(({ language }) => language?.toUpperCase() === languageCode.toUpperCase())
    : audio.find(({ place }) => place === first - 1);
}

/** Source types whose captions are a track of the film. */
const IN_TRACKS: readonly string[] = ["TRACK", "TT_3GPP"];

/** Where the captions of a selector are. Throws JobFailed 1040 for what the fake cannot read. */
export function captionSource(selector: CaptionSelector | undefined, facts: InputFacts): CaptionSource {
  const { sourceType, trackSourceSettings, fileSourceSettings } = selector?.sourceSettings ?? { sourceType: "" };
  if (fileSourceSettings !== undefined) return { kind: "file", uri: fileSourceSettings.sourceFile };
  const wanted = (trackSourceSettings?.trackNumber ?? 1) - 1;
  const found = IN_TRACKS.includes(sourceType) ? ofKind(facts, "subtitle").find(({ place }) => place === wanted) : undefined;
  if (found === undefined) throw new JobFailed(JOB_ERRORS.settings, `The input has no captions of the type ${sourceType} at this place.`);
  return { kind: "track", place: found.place };
}
