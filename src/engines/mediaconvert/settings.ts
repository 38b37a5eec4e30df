/** How hard the encoder tries; each step costs more a minute. */
export const QUALITY_TUNINGS = ["single_pass", "single_pass_hq", "multi_pass_hq"] as const;
export type QualityTuning = (typeof QUALITY_TUNINGS)[number];

/** What is configured about MediaConvert that a job's settings depend on. */
export interface MediaConvertSettings {
  /** ARN of the role by which the service reads the source and writes the revision. */
  readonly role: string;
  /** Name or ARN; undefined means the account's Default queue. */
  readonly queue?: string | undefined;
  /** 1 to 10; 0 lets the service choose. */
  readonly qvbrQuality: number;
  readonly qualityTuning: QualityTuning;
  /** The service chooses the renditions, within the ladder's largest size and its highest and lowest caps. */
  readonly automatedAbr: boolean;
}
