import type { AudioRendition } from "../../domain/encode-plan.ts";

/** Encoder and muxer options of one audio rendition; `segment` in seconds. */
export function audioOptions(rendition: AudioRendition, segment: number): string[] {
  return [
    ...["-c:a", "aac", "-profile:a", "aac_low", "-b:a", `${rendition.bitrateBps}`, "-ar", `${rendition.sampleRate}`],
    ...["-ac", `${rendition.channels}`, "-movflags", "+delay_moov+default_base_moof"],
    // Without it sound is not flushed until the end, and the packager waits.
    ...["-frag_duration", `${Math.round(segment * 1_000_000)}`],
  ];
}
