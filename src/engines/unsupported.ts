import type { EncodePlan } from "../domain/encode-plan.ts";
import type { RemoteRequest, Unsupported, UnsupportedKind } from "./remote.ts";

/** A reason when the thing is so. */
export const when = (isSo: boolean, kind: UnsupportedKind, reason: string): readonly Unsupported[] => (isSo ? [{ kind, reason }] : []);

/** What neither service can do, however it is asked. */
export const unsupportedAnywhere = ({ plan, source, destination }: RemoteRequest): readonly Unsupported[] => [
  ...unsupportedProcessing(plan),
  ...unsupportedTracks(plan),
  ...when(source.pinsVersion === true, "version", "the job pins a version of the source; the service reads what is current"),
  // Both services write beside what they were told when the prefix does not end a folder.
  ...when(!/^[^/].*\/$/.test(destination.prefix), "destination", "the destination is not a folder of the bucket"),
];

const unsupportedProcessing = ({ range, encryption, video, loudness, audio, source }: EncodePlan): readonly Unsupported[] => [
  ...when(range !== undefined, "chunk", "it is a part of a plan"),
  ...when(encryption !== undefined, "encryption", "the ladder is encrypted; its key does not leave this worker"),
  ...when(
    video.some(({ copied }) => copied === true),
    "pass_through",
    "a rendition is the source's own picture, copied",
  ),
  ...when(
    loudness !== undefined || audio.some(({ gainDb }) => gainDb !== undefined),
    "loudness",
    "the ladder levels sound with one gain for the whole of it",
  ),
  ...when(source.video?.mirrored === true, "mirrored", "the picture is mirrored"),
];

const unsupportedTracks = ({ source }: EncodePlan): readonly Unsupported[] => [
  ...when(
    source.ignored.some((line) => line.endsWith(": another video")),
    "video_tracks",
    "the source has more than one video, and the service picks by its own rule",
  ),
  // Services count the tracks that they take for audio, so the number of the next one is not certain.
  ...when(
    source.ignored.some((line) => line.endsWith(": audio that cannot be decoded")),
    "audio_tracks",
    "the source has sound that cannot be decoded",
  ),
  ...when(
    source.audio.some(({ changesLayout }) => changesLayout === true),
    "audio_layout",
    "the sound changes its channel layout on the way",
  ),
];
