import { rational } from "../../src/domain/rational.ts";
import type { AudioTrack, Source, VideoTrack } from "../../src/domain/source.ts";

/** A clean 1080p30 track of 20 s; a test names what it changes. The aspect follows the display size unless given. */
export function aVideoTrack(changes: Partial<VideoTrack> = {}): VideoTrack {
  const { displayWidth = 1920, displayHeight = 1080 } = changes;
  return {
    index: 0,
    codec: "h264",
    codedWidth: displayWidth,
    codedHeight: displayHeight,
    rotation: 0,
    sampleAspect: rational(1),
    displayWidth,
    displayHeight,
    displayAspect: rational(displayWidth, displayHeight),
    frameRate: rational(30),
    variableFrameRate: false,
    interlaced: false,
    colour: { fullRange: false, matrix: "bt709" },
    pixelFormat: "yuv420p",
    startSeconds: 0,
    durationSeconds: 20,
    frameCount: 600,
    bitrateBps: 6_000_000,
    ...changes,
  };
}

/** Stereo English AAC of 20 s. */
export const anAudioTrack = (changes: Partial<AudioTrack> = {}): AudioTrack => ({
  index: 1,
  codec: "aac",
  channels: 2,
  sampleRate: 48_000,
  language: "en",
  isDefault: true,
  startSeconds: 0,
  durationSeconds: 20,
  ...changes,
});

/** An MP4 with a clean picture and one sound track. `video: undefined` leaves the picture out. */
export function aSource(changes: Partial<Omit<Source, "video">> & { readonly video?: VideoTrack | undefined } = {}): Source {
  const { video = aVideoTrack(), ...rest } = changes;
  return {
    container: "mov,mp4,m4a,3gp,3g2,mj2",
    sizeBytes: 15_000_000,
    durationSeconds: 20,
    startSeconds: 0,
    ...("video" in changes && changes.video === undefined ? {} : { video }),
    audio: [anAudioTrack()],
    text: [],
    ignored: [],
    defects: [],
    ...rest,
  };
}

/** A track that may be published as its own 1080 rung: GOPs of two seconds. */
export const aCopyableTrack = (changes: Partial<VideoTrack> = {}): VideoTrack =>
  aVideoTrack({ keyframeGrid: { kind: "constant", gopFrames: 60, peakBps: 7_000_000 }, ...changes });
