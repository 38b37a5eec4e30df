import type { CaptionSelector, Output } from "@aws-sdk/client-mediaconvert";
import type { EmbeddedText, EncodePlan } from "../../domain/encode-plan.ts";

/** Of text inside a source the service reads what MP4 and MOV call timed text. */
export const canRead = ({ source: { text, container } }: EncodePlan): boolean =>
  text.length === 0 || (container.split(",").includes("mov") && text.every(({ codec }) => codec === "mov_text"));

/** One selector a text track of the source, by its number among them. */
export const captionSelectors = ({ source: { text } }: EncodePlan): Record<string, CaptionSelector> =>
  Object.fromEntries(
    text.map((_, position) => [
      selectorName(position),
      { SourceSettings: { SourceType: "TT_3GPP", TrackSourceSettings: { TrackNumber: position + 1 } } },
    ]),
  );

/** One output a rendition, as WebVTT. */
export function captionOutput({ id, sourceIndex, language, name, sdh }: EmbeddedText, plan: EncodePlan): Output {
  const position = plan.source.text.findIndex(({ index }) => index === sourceIndex);
  return {
    NameModifier: `_${id}`,
    CaptionDescriptions: [
      {
        CaptionSelectorName: selectorName(position),
        CustomLanguageCode: withoutDigits(language),
        LanguageDescription: name,
        DestinationSettings: {
          DestinationType: "WEBVTT",
          WebvttDestinationSettings: { StylePassthrough: "DISABLED", Accessibility: sdh === true ? "ENABLED" : "DISABLED" },
        },
      },
    ],
    ContainerSettings: { Container: "CMFC" },
  };
}

/** Captions, unlike sound, take no code with a digit (CreateJob reference): es-419 is es there. */
const withoutDigits = (language: string): string => (/\d/.test(language) ? (language.split("-")[0] ?? language) : language);

const selectorName = (position: number): string => `Captions Selector ${position + 1}`;
