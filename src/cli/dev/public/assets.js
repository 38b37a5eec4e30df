import { bytes, duration, objectUrl, rungLabel, titleOf } from "./format.js";

const POLL_MS = 2000;

/** Calls onAssets(assets, upload) when what is published has changed, and onLost(true|false) when the server goes and comes back. */
export function watchAssets({ onAssets, onLost }) {
  let last = "";
  const poll = async () => {
    try {
      const answer = await fetch("/api/assets", { signal: AbortSignal.timeout(10_000) });
      const text = await answer.text();
      if (!answer.ok) throw new Error(text);
      onLost(false);
      if (text !== last) {
        const { assets, upload } = JSON.parse(text);
        onAssets(assets, upload);
        last = text;
      }
    } catch {
      onLost(true);
    }
    setTimeout(poll, POLL_MS);
  };
  void poll();
}

/** Videos of an asset, the largest first. */
export const videosOf = (asset) =>
  (asset.renditions ?? []).filter((rendition) => rendition.kind === "video").toSorted((a, b) => (b.height ?? 0) - (a.height ?? 0));

/** One line of facts about an asset. */
export function factsOf(asset) {
  const size = asset.width && asset.height ? `${asset.width} × ${asset.height}` : "audio";
  return [duration(asset.durationSeconds), size, bytes(asset.source?.sizeBytes)].filter(Boolean).join(" · ");
}

/** Fills the list; keeps the focus where it was. */
export function renderList(list, { assets, current, known }) {
  const focused = document.activeElement?.dataset?.path;
  list.replaceChildren(...assets.map((asset) => card(asset, { current, fresh: known.size > 0 && !known.has(asset.assetPath) })));
  if (focused !== undefined) [...list.querySelectorAll(".asset")].find(({ dataset }) => dataset.path === focused)?.focus();
}

function card(asset, { current, fresh }) {
  const item = document.getElementById("asset-template").content.cloneNode(true).firstElementChild;
  const link = item.querySelector(".asset");
  link.href = `#${encodeURI(asset.assetPath).replaceAll("#", "%23")}`;
  link.dataset.path = asset.assetPath;
  link.title = asset.assetPath;
  if (asset.assetPath === current) link.setAttribute("aria-current", "true");
  if (fresh) link.classList.add("fresh");
  item.querySelector(".name").textContent = titleOf(asset.assetPath);
  item.querySelector(".facts").textContent = factsOf(asset);
  const videos = videosOf(asset);
  item.querySelector(".rungs").textContent = videos.length > 0 ? videos.map(rungLabel).join(" ") : `${asset.audio?.length ?? 1} audio`;
  const thumb = item.querySelector(".thumb");
  if (typeof asset.poster === "string") thumb.style.backgroundImage = `url(${JSON.stringify(objectUrl(asset.assetPath, asset.poster))})`;
  else thumb.textContent = videos.length > 0 ? "▶" : "♪";
  return item;
}
