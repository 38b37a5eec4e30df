import { factsOf } from "./assets.js";
import { openPlayer } from "./engines.js";
import { bitrate, objectUrl, titleOf } from "./format.js";

const READOUT_MS = 500;
const FILES = { hls: "index.m3u8", dash: "index.mpd" };
const byId = (id) => document.getElementById(id);

/** The player half of the page: show(asset, { play }) opens it in the chosen format. */
export function createPlayerView() {
  const video = byId("video");
  let [asset, engine, opening] = [undefined, undefined, 0];

  const format = () => byId("controls").elements.format.value;
  const refresh = () => {
    if (!engine) return;
    fill("quality", { items: engine.levels(), selected: engine.level(), first: "Auto" });
    fill("audio", { items: engine.audio(), selected: engine.audioTrack() });
    fill("text", { items: engine.text(), selected: engine.textTrack(), first: "Off" });
    byId("quality-field").hidden = engine.levels().length < 2;
    byId("audio-field").hidden = engine.audio().length < 2;
    byId("text-field").hidden = engine.text().length < 1;
  };

  async function open({ play, at = 0 }) {
    opening += 1;
    const mine = opening;
    problem("");
    await engine?.destroy();
    engine = undefined;
    video.removeAttribute("src");
    video.load();
    video.addEventListener("loadedmetadata", () => at > 0 && mine === opening && (video.currentTime = at), { once: true });
    const opened = await openPlayer({
      format: format(),
      video,
      url: objectUrl(asset.assetPath, FILES[format()]),
      onChange: () => mine === opening && refresh(),
      onProblem: (text) => mine === opening && problem(text),
    });
    if (mine !== opening) return void opened.destroy();
    engine = opened;
    refresh();
    if (play) video.play().catch(() => undefined);
  }

  byId("controls").addEventListener("submit", (event) => event.preventDefault());
  for (const radio of byId("controls").elements.format) {
    radio.addEventListener("change", () => open({ play: !video.paused, at: video.currentTime }));
  }
  byId("quality").addEventListener("change", ({ target }) => engine?.setLevel(Number(target.value)));
  byId("audio").addEventListener("change", ({ target }) => engine?.setAudio(Number(target.value)));
  byId("text").addEventListener("change", ({ target }) => engine?.setText(Number(target.value)));
  setInterval(() => readout(video, engine), READOUT_MS);

  return {
    /** Opens an asset; the same one again with another revision only renews what is said about it. */
    show(next, { play }) {
      const same = asset?.assetPath === next.assetPath && asset?.revision === next.revision;
      asset = next;
      describe(asset);
      if (!same) open({ play }).catch((error) => problem(String(error)));
    },
  };
}

function describe(asset) {
  byId("title").textContent = titleOf(asset.assetPath);
  document.title = `${titleOf(asset.assetPath)} – ladderd`;
  const notes = [
    factsOf(asset),
    asset.assetPath.includes("/") ? asset.assetPath : "",
    asset.engine && `by ${asset.engine}`,
    asset.ladder && `ladder ${asset.ladder}`,
  ];
  byId("subtitle").textContent = notes.filter(Boolean).join(" · ");
  const isVideo = Boolean(asset.width && asset.height);
  byId("frame").classList.toggle("audio-only", !isVideo);
  byId("frame").style.setProperty("--aspect", isVideo ? `${asset.width} / ${asset.height}` : "");
  if (typeof asset.poster === "string") byId("video").poster = objectUrl(asset.assetPath, asset.poster);
  else byId("video").removeAttribute("poster");
  byId("links").replaceChildren(...["index.m3u8", "index.mpd", "asset.json"].map((file) => link(objectUrl(asset.assetPath, file), file)));
  byId("renditions").replaceChildren(...(asset.renditions ?? []).toReversed().map(row));
}

function row({ id, width, height, codecs, averageBps, peakBps }) {
  const line = document.createElement("tr");
  const name = document.createElement("th");
  name.scope = "row";
  name.textContent = id;
  const cells = [width && height ? `${width} × ${height}` : "–", codecs ?? "–", bitrate(averageBps), bitrate(peakBps)];
  line.append(name, ...cells.map((text) => Object.assign(document.createElement("td"), { textContent: text })));
  return line;
}

function link(href, text) {
  const item = document.createElement("li");
  const copy = Object.assign(document.createElement("button"), { type: "button", textContent: "Copy" });
  copy.dataset.copyText = href;
  copy.setAttribute("aria-label", `Copy the address of ${text}`);
  item.append(Object.assign(document.createElement("a"), { href, textContent: text }), copy);
  return item;
}

function fill(id, { items, selected, first }) {
  const options = [...(first === undefined ? [] : [{ id: -1, label: first }]), ...items];
  const select = byId(id);
  const wanted = JSON.stringify(options);
  // A menu that is open must not be rebuilt under the pointer.
  if (select.dataset.options !== wanted) {
    select.replaceChildren(...options.map((option) => new Option(option.label, String(option.id))));
    select.dataset.options = wanted;
  }
  select.value = String(selected);
}

function readout(video, engine) {
  const { currentTime, buffered } = video;
  let ahead = 0;
  for (let index = 0; index < buffered.length; index += 1) {
    if (buffered.start(index) <= currentTime + 0.1 && buffered.end(index) > currentTime) ahead = buffered.end(index) - currentTime;
  }
  byId("level").textContent = engine?.current() ?? "–";
  byId("bandwidth").textContent = bitrate(engine?.bandwidthBps() ?? Number.NaN);
  byId("buffer").textContent = `${ahead.toFixed(1)} s`;
  byId("dropped").textContent = String(video.getVideoPlaybackQuality?.().droppedVideoFrames ?? "–");
}

function problem(text) {
  byId("problem").textContent = text;
  byId("problem").hidden = text === "";
}
