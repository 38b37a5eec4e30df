import type { ElasticTranscoderJob, JobStatus } from "./job.ts";

export type NotificationState = "PROGRESSING" | "COMPLETED" | "WARNING" | "ERROR";

const STATUSES: Readonly<Record<NotificationState, JobStatus | "Warning">> = {
  PROGRESSING: "Progressing",
  COMPLETED: "Complete",
  WARNING: "Warning",
  ERROR: "Error",
};

/** The subject of a finished job is as seen in real ones; the others follow it. */
const SUBJECTS: Readonly<Record<NotificationState, string>> = {
  PROGRESSING: "has started transcoding",
  COMPLETED: "has finished transcoding",
  WARNING: "has a warning for",
  ERROR: "could not transcode",
};

/** The subject of a notification. */
export const subjectOf = ({ id }: ElasticTranscoderJob, state: NotificationState): string =>
  `Amazon Elastic Transcoder ${SUBJECTS[state]} job ${id}.`;

/**
 * The message that the service publishes to its topics: JSON, which SNS then wraps as a text. Where a real ERROR has its
 * code and message, and of which type, has not been seen; here they stand where the developer guide lists them.
 */
export function notificationOf(job: ElasticTranscoderJob, state: NotificationState): string {
  const { request, error, facts } = job;
  const status = STATUSES[state];
  const { Key: key, FrameRate, Resolution, AspectRatio, Interlaced, Container } = request.input;
  const given = { frameRate: FrameRate, resolution: Resolution, aspectRatio: AspectRatio, interlaced: Interlaced, container: Container };
  return JSON.stringify({
    state,
    ...(error ? { errorCode: error.code, messageDetails: error.message } : {}),
    version: "2012-09-25",
    jobId: job.id,
    pipelineId: request.pipelineId,
    // What was not given is undefined, and left out.
    input: { key, ...given },
    inputCount: 1,
    ...(request.outputKeyPrefix === "" ? {} : { outputKeyPrefix: request.outputKeyPrefix }),
    outputs: request.outputs.map((output, index) => ({
      ...{ id: `${index + 1}`, presetId: output.PresetId, key: output.Key, thumbnailPattern: output.ThumbnailPattern },
      rotate: output.Rotate,
      ...(output.SegmentDuration === undefined ? {} : { segmentDuration: Number(output.SegmentDuration) }),
      status,
      ...(error ? { statusDetail: `${error.code} ${error.message}` } : {}),
      ...(facts?.[index] ? sizeOf(facts[index]) : {}),
    })),
    playlists: request.playlists.map(({ Name, Format, OutputKeys }) => ({ name: Name, format: Format, outputKeys: OutputKeys, status })),
    userMetadata: request.userMetadata,
  });
}

const sizeOf = ({ durationSeconds, width, height }: NonNullable<ElasticTranscoderJob["facts"]>[number]) => ({
  duration: Math.ceil(durationSeconds),
  width,
  height,
});
