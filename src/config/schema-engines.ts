import type convict from "convict";

import type { CircuitSettings } from "../engines/circuit.ts";
import { QUALITY_TUNINGS } from "../engines/mediaconvert/settings.ts";
import type { ElasticTranscoderKeys, MediaConvertKeys, RemoteKeys } from "./config.ts";

/** The keys under `mediaconvert`. */
export const mediaconvert: convict.Schema<MediaConvertKeys> = {
  role: {
    doc: "ARN of the role by which MediaConvert reads sources and writes streams; engine mediaconvert needs it",
    format: "role",
    env: "LADDERD_MEDIACONVERT_ROLE",
    default: undefined,
  },
  queue: {
    doc: "MediaConvert's queue, a name or an ARN; its Default queue when unset",
    format: "text",
    env: "LADDERD_MEDIACONVERT_QUEUE",
    default: undefined,
  },
  qvbrQuality: {
    doc: "quality of each picture within its cap, from 1 to 10; 0 lets MediaConvert choose",
    format: "whole-number",
    maximum: 10,
    env: "LADDERD_MEDIACONVERT_QVBR_QUALITY",
    default: 7,
  },
  qualityTuning: {
    doc: "how hard its encoders try, which is what it charges for: single_pass, single_pass_hq or multi_pass_hq",
    format: [...QUALITY_TUNINGS],
    env: "LADDERD_MEDIACONVERT_QUALITY_TUNING",
    default: "single_pass_hq",
  },
  automatedAbr: {
    doc: "let MediaConvert choose the renditions, up to the ladder's largest and between its caps (multi_pass_hq, H.264 only)",
    format: "flag",
    env: "LADDERD_MEDIACONVERT_AUTOMATED_ABR",
    default: false,
  },
  // The quota of CreateJob differs by account; no published figure could be verified, so these are cautious.
  submitsPerSecond: {
    doc: "jobs that one worker submits to MediaConvert a second; its workers share the quota of an account",
    format: "number",
    minimum: 0.01,
    env: "LADDERD_MEDIACONVERT_SUBMITS_PER_SECOND",
    default: 2,
  },
  submitBurst: {
    doc: "jobs submitted to MediaConvert at once after a pause",
    format: "whole-number",
    minimum: 1,
    env: "LADDERD_MEDIACONVERT_SUBMIT_BURST",
    default: 10,
  },
  readsPerSecond: {
    doc: "other requests of one worker to MediaConvert a second",
    format: "number",
    minimum: 0.01,
    env: "LADDERD_MEDIACONVERT_READS_PER_SECOND",
    default: 4,
  },
  readBurst: {
    doc: "other requests to MediaConvert at once after a pause",
    format: "whole-number",
    minimum: 1,
    env: "LADDERD_MEDIACONVERT_READ_BURST",
    default: 20,
  },
};

/** The keys under `elasticTranscoder`; the rates are the service's documented quotas. */
export const elasticTranscoder: convict.Schema<ElasticTranscoderKeys> = {
  pipelineId: {
    doc: "id of the Elastic Transcoder pipeline, from the upload bucket to the publish bucket; engine elastic-transcoder needs it",
    format: "pipeline",
    env: "LADDERD_ELASTIC_TRANSCODER_PIPELINE_ID",
    default: undefined,
  },
  presets: {
    doc: "JSON file with the settings of custom presets, as ReadPreset or ListPresets answered them",
    format: "text",
    env: "LADDERD_ELASTIC_TRANSCODER_PRESETS",
    default: undefined,
  },
  submitsPerSecond: {
    doc: "jobs that one worker submits to Elastic Transcoder a second",
    format: "number",
    minimum: 0.01,
    env: "LADDERD_ELASTIC_TRANSCODER_SUBMITS_PER_SECOND",
    default: 2,
  },
  submitBurst: {
    doc: "jobs submitted to Elastic Transcoder at once after a pause",
    format: "whole-number",
    minimum: 1,
    env: "LADDERD_ELASTIC_TRANSCODER_SUBMIT_BURST",
    default: 100,
  },
  readsPerSecond: {
    doc: "other requests of one worker to Elastic Transcoder a second",
    format: "number",
    minimum: 0.01,
    env: "LADDERD_ELASTIC_TRANSCODER_READS_PER_SECOND",
    default: 4,
  },
  readBurst: {
    doc: "other requests to Elastic Transcoder at once after a pause",
    format: "whole-number",
    minimum: 1,
    env: "LADDERD_ELASTIC_TRANSCODER_READ_BURST",
    default: 50,
  },
};

/** The keys under `circuit`: when an engine that fails is left alone, and for how long. */
export const circuit: convict.Schema<CircuitSettings> = {
  failures: {
    doc: "failures in a row after which a managed engine is passed over; one is enough when it denies us or its quota is used up",
    format: "whole-number",
    minimum: 1,
    env: "LADDERD_CIRCUIT_FAILURES",
    default: 5,
  },
  openSeconds: {
    doc: "how long it is passed over before one job tries it again; twice as long after each that fails",
    format: "number",
    minimum: 1,
    env: "LADDERD_CIRCUIT_OPEN_SECONDS",
    default: 60,
  },
  maximumOpenSeconds: {
    doc: "but at most this long",
    format: "number",
    minimum: 1,
    env: "LADDERD_CIRCUIT_MAXIMUM_OPEN_SECONDS",
    default: 1800,
  },
};

/** The keys under `remote`: how jobs that a managed engine works at are watched beside their events. */
export const remote: convict.Schema<RemoteKeys> = {
  sweepEverySeconds: {
    doc: "how often a worker looks at every job that a managed engine works at",
    format: "whole-number",
    minimum: 1,
    env: "LADDERD_REMOTE_SWEEP_EVERY_SECONDS",
    default: 60,
  },
  pollAfterSeconds: {
    doc: "the managed engine is asked about a job that is older than this, as its event may be lost",
    format: "whole-number",
    minimum: 1,
    env: "LADDERD_REMOTE_POLL_AFTER_SECONDS",
    default: 300,
  },
  // A MediaConvert job that makes progress is ended by the service after 48 h.
  maximumAgeSeconds: {
    doc: "a job that a managed engine has not ended after this time is cancelled there and given to the next engine",
    format: "whole-number",
    minimum: 60,
    env: "LADDERD_REMOTE_MAXIMUM_AGE_SECONDS",
    default: 86_400,
  },
};
