import { bitrate, language, rungLabel } from "./format.js";

const AUTO = -1;
const OFF = -1;
/** By the sample entry; H.264 goes without saying. */
const CODECS = { av01: "AV1", hvc1: "HEVC" };
const levelLabel = (level) =>
  [rungLabel(level), CODECS[level.codec?.split(".")[0]], level.width && level.height && bitrate(level.bps)].filter(Boolean).join(" · ");
const byQuality = (a, b) => b.bps - a.bps;
const trackLabel = ({ label, lang }) => label || language(lang);

/**
 * Plays `url` in `video`. The player it resolves to has levels, audio and text as { id, label } lists with the selected
 * id, a setter for each, `current()`, `bandwidthBps()` and `destroy()`. onChange: lists or selection changed.
 */
export const openPlayer = ({ format, ...options }) => (format === "dash" ? openDash(options) : openHls(options));

async function openHls({ video, url, onChange, onProblem }) {
  const { default: Hls } = await import("/_player/hls.js");
  if (!Hls.isSupported()) return openNative({ video, url });
  const hls = new Hls({ capLevelToPlayerSize: false, maxBufferLength: 30 });
  const E = Hls.Events;
  for (const event of [
    E.MANIFEST_PARSED,
    E.LEVEL_SWITCHED,
    E.AUDIO_TRACKS_UPDATED,
    E.AUDIO_TRACK_SWITCHED,
    E.SUBTITLE_TRACKS_UPDATED,
    E.SUBTITLE_TRACK_SWITCH,
  ]) {
    hls.on(event, () => onChange());
  }
  let recovered = false;
  hls.on(E.ERROR, (_event, { fatal, type, details, error }) => {
    if (!fatal) return;
    if (type === Hls.ErrorTypes.MEDIA_ERROR && !recovered) {
      recovered = true;
      hls.recoverMediaError();
    } else onProblem(`HLS: ${details}${error ? ` (${error.message})` : ""}`);
  });
  hls.attachMedia(video);
  hls.loadSource(url);
  const shape = ({ width, height, bitrate: bps, videoCodec: codec }) => ({ width, height, bps, codec });
  return {
    levels: () => hls.levels.map((level, id) => ({ id, bps: level.bitrate, label: levelLabel(shape(level)) })).toSorted(byQuality),
    level: () => (hls.autoLevelEnabled ? AUTO : hls.loadLevel),
    setLevel: (id) => (hls.nextLevel = id),
    audio: () => hls.audioTracks.map((track, id) => ({ id, label: trackLabel({ label: track.name, lang: track.lang }) })),
    audioTrack: () => hls.audioTrack,
    setAudio: (id) => (hls.audioTrack = id),
    text: () => hls.subtitleTracks.map((track, id) => ({ id, label: trackLabel({ label: track.name, lang: track.lang }) })),
    textTrack: () => (hls.subtitleDisplay ? hls.subtitleTrack : OFF),
    setText: (id) => {
      hls.subtitleDisplay = id !== OFF;
      hls.subtitleTrack = id;
    },
    current: () => {
      const level = hls.levels[hls.currentLevel];
      return level ? levelLabel(shape(level)) : "–";
    },
    bandwidthBps: () => hls.bandwidthEstimate,
    destroy: async () => hls.destroy(),
  };
}

async function openDash({ video, url, onChange, onProblem }) {
  await import("/_player/shaka.js");
  const { shaka } = globalThis;
  shaka.polyfill.installAll();
  const player = new shaka.Player();
  const problem = (error) => onProblem(`DASH: error ${error?.code ?? error} ${error?.data?.[0] ?? ""}`);
  player.addEventListener("error", ({ detail }) => problem(detail));
  for (const event of ["trackschanged", "adaptation", "variantchanged", "textchanged", "audiotrackschanged"])
    player.addEventListener(event, () => onChange());
  await player.attach(video);
  // Resolves when it plays; the page must not wait for that.
  player.load(url).then(onChange, (error) => error?.code !== shaka.util.Error.Code.LOAD_INTERRUPTED && problem(error));

  // Without picture the levels are the audio itself, so only with it does the same audio tell levels from tracks.
  const isSame = (track, other) =>
    track.language === other.language && track.label === other.label && (!track.height || track.audioId === other.audioId);
  const variants = () => {
    const all = player.getVariantTracks();
    const active = all.find((track) => track.active);
    return active ? all.filter((track) => isSame(track, active)) : all;
  };
  const shape = ({ width, height, videoBandwidth, bandwidth, videoCodec: codec }) => ({
    ...{ width, height, codec },
    bps: videoBandwidth ?? bandwidth,
  });
  let fixed = AUTO;
  return {
    levels: () =>
      variants()
        .map((track) => ({ id: track.id, bps: track.bandwidth, label: levelLabel(shape(track)) }))
        .toSorted(byQuality),
    level: () => fixed,
    setLevel: (id) => {
      fixed = id;
      player.configure("abr.enabled", id === AUTO);
      const track = player.getVariantTracks().find((variant) => variant.id === id);
      if (track) player.selectVariantTrack(track, true);
    },
    audio: () => player.getAudioTracks().map((track, id) => ({ id, label: trackLabel({ label: track.label, lang: track.language }) })),
    audioTrack: () => player.getAudioTracks().findIndex((track) => track.active),
    setAudio: (id) => player.selectAudioTrack(player.getAudioTracks()[id]),
    text: () => player.getTextTracks().map((track, id) => ({ id, label: trackLabel({ label: track.label, lang: track.language }) })),
    textTrack: () => player.getTextTracks().findIndex((track) => track.active),
    setText: (id) => player.selectTextTrack(id === OFF ? null : player.getTextTracks()[id]),
    current: () => {
      const track = player.getVariantTracks().find((variant) => variant.active);
      return track ? levelLabel(shape(track)) : "–";
    },
    bandwidthBps: () => player.getStats().estimatedBandwidth,
    destroy: () => player.destroy(),
  };
}

/** Safari on a phone plays HLS by itself and shows its own menus. */
function openNative({ video, url }) {
  video.src = url;
  const none = () => [];
  const nothing = () => AUTO;
  return {
    levels: none,
    level: nothing,
    setLevel: nothing,
    audio: none,
    audioTrack: nothing,
    setAudio: nothing,
    text: none,
    textTrack: nothing,
    setText: nothing,
    current: () => (video.videoHeight ? `${Math.min(video.videoWidth, video.videoHeight)}p` : "–"),
    bandwidthBps: () => Number.NaN,
    destroy: async () => video.removeAttribute("src"),
  };
}
