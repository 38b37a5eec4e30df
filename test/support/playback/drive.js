/* global Hls, shaka */
// Runs in the browser. `drive` is what the tests call: it plays, seeks and switches, and rejects when that does not happen.
const video = document.querySelector("video");
const fatal = [];
const WAIT_MS = 20_000;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

video.addEventListener("error", () => fatal.push(`video: ${video.error?.message}`));

async function until(what, holds) {
  const deadline = performance.now() + WAIT_MS;
  while (!holds()) {
    if (fatal.length > 0) throw new Error(`${what}: ${fatal.join("; ")}`);
    if (performance.now() > deadline)
      throw new Error(
        `${what}: not within ${WAIT_MS} ms (time ${video.currentTime}, height ${video.videoHeight}, ready ${video.readyState})`,
      );
    await pause(40);
  }
}

const engines = {
  async hls(url, { codec, licenceUrl }) {
    const drmSystems = { "org.w3.clearkey": { licenseUrl: licenceUrl } };
    const keys = licenceUrl === undefined ? {} : { emeEnabled: true, drmSystems };
    const hls = new Hls({ startPosition: 0, autoStartLoad: codec === undefined, ...keys });
    hls.on(Hls.Events.ERROR, (_event, { fatal: isFatal, details }) => isFatal && fatal.push(`hls.js: ${details}`));
    hls.loadSource(url);
    hls.attachMedia(video);
    await until("the playlist is read", () => hls.levels.length > 0);
    if (codec !== undefined) {
      const others = hls.levels.flatMap(({ videoCodec }, index) => (videoCodec.startsWith(codec) ? [] : [index]));
      for (const index of others.toReversed()) hls.removeLevel(index);
      hls.startLoad(0);
    }
    return {
      heights: () => hls.levels.map(({ height }) => height),
      languages: () => hls.audioTracks.map(({ lang }) => lang),
      setText: (language) => {
        hls.subtitleDisplay = true;
        hls.subtitleTrack = hls.subtitleTracks.findIndex(({ lang }) => lang === language);
      },
      setHeight: (wanted) => (hls.currentLevel = hls.levels.findIndex(({ height }) => height === wanted)),
    };
  },
  async dash(url, { codec, clearKeys }) {
    shaka.polyfill.installAll();
    const player = new shaka.Player();
    if (codec !== undefined) player.configure("preferredVideo", [{ codec }]);
    player.addEventListener("error", ({ detail }) => fatal.push(`shaka: ${detail.code} ${detail.data}`));
    if (clearKeys) player.configure({ drm: { clearKeys } });
    await player.attach(video);
    // A refused key is an event; the promise would wait for it for ever.
    const state = { loaded: false };
    player.load(url, 0).then(
      () => (state.loaded = true),
      ({ code, data }) => fatal.push(`shaka: ${code} ${data}`),
    );
    await until("the manifest is read", () => state.loaded);
    const unique = (values) => [...new Set(values)];
    return {
      heights: () => unique(player.getVariantTracks().map(({ height }) => height)),
      languages: () => unique(player.getVariantTracks().map(({ language }) => language)),
      setText: (language) => player.selectTextTrack(player.getTextTracks().find((track) => track.language === language)),
      setHeight: (wanted) => {
        player.configure("abr.enabled", false);
        const tracks = player.getVariantTracks();
        const language = tracks.find(({ active }) => active)?.language;
        player.selectVariantTrack(
          tracks.find((track) => track.height === wanted && track.language === language),
          true,
        );
      },
    };
  },
};

let engine;
const advance = async (what) => {
  const from = video.currentTime;
  await until(`${what} goes on`, () => video.currentTime > from + 0.3 || video.ended);
};

globalThis.drive = {
  /** With `codec` ("av01") what is in another is left alone; `clearKeys` is what Shaka is told, `licenceUrl` whom hls.js asks. */
  async open(kind, url, options = {}) {
    engine = await engines[kind](url, options);
    // What cannot be decrypted is waited for without end, too.
    video.play().catch(({ message }) => fatal.push(`play: ${message}`));
    await advance("the start");
    return { seconds: video.duration, heights: engine.heights().toSorted((a, b) => a - b), languages: engine.languages().toSorted() };
  },
  async seek(seconds) {
    video.currentTime = seconds;
    await until(`the seek to ${seconds}`, () => !video.seeking && video.readyState >= 3);
    const landed = video.currentTime;
    await video.play();
    await advance(`what follows ${seconds}`);
    return landed;
  },
  /** From the start, so that what is left of the stream is long enough. */
  async switchTo(height) {
    await globalThis.drive.seek(0.5);
    engine.setHeight(height);
    await until(`the switch to ${height}`, () => video.videoHeight === height);
    await advance(`the level ${height}`);
    return video.videoHeight;
  },
  /** The first line of this language that the player has, where and as it would show it. */
  async firstLine(language) {
    engine.setText(language);
    const cues = () => [...video.textTracks].filter(({ mode }) => mode !== "disabled").flatMap((track) => [...(track.cues ?? [])]);
    await until(`a line in ${language}`, () => cues().length > 0);
    const [first] = cues().toSorted((a, b) => a.startTime - b.startTime);
    return { startSeconds: first.startTime, text: first.text };
  },
  async playToEnd(rate) {
    video.pause();
    video.currentTime = 0;
    await until("the rewind", () => !video.seeking && video.readyState >= 3);
    const before = video.getVideoPlaybackQuality().totalVideoFrames;
    await video.play();
    video.playbackRate = rate;
    await until("the end", () => video.ended);
    return { seconds: video.currentTime, frames: video.getVideoPlaybackQuality().totalVideoFrames - before };
  },
  shown: () => ({ seconds: video.currentTime, frames: video.getVideoPlaybackQuality().totalVideoFrames }),
  fatal: () => fatal,
};
