import { renderList, watchAssets } from "./assets.js";
import { createPlayerView } from "./player.js";

const byId = (id) => document.getElementById(id);
const player = createPlayerView();
const known = new Set();
let assets = [];

/** The asset path in the address, e.g. /#folder/clip. */
function linked() {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return "";
  }
}

function render({ play = false } = {}) {
  const wanted = linked();
  const asset = wanted === "" ? assets[0] : assets.find(({ assetPath }) => assetPath === wanted);
  byId("empty").hidden = assets.length > 0;
  byId("list").hidden = assets.length === 0;
  byId("player").hidden = asset === undefined;
  byId("published").textContent = `Published (${assets.length})`;
  renderList(byId("assets"), { assets, current: asset?.assetPath, known });
  for (const { assetPath } of assets) known.add(assetPath);
  if (asset) {
    // So that what is published next does not take the place of what is being watched.
    if (wanted === "") history.replaceState(null, "", `#${encodeURI(asset.assetPath).replaceAll("#", "%23")}`);
    player.show(asset, { play });
  }
  status(asset || wanted === "" ? "" : `Waiting for ${wanted} …`);
}

function status(text, bad = false) {
  byId("status").textContent = text;
  byId("status").classList.toggle("bad", bad);
}

async function copy(text, button) {
  await navigator.clipboard.writeText(text);
  const before = button.textContent;
  button.textContent = "Copied";
  setTimeout(() => (button.textContent = before), 1500);
}

document.addEventListener("click", ({ target }) => {
  const button = target instanceof Element ? target.closest("button[data-copy], button[data-copy-text]") : null;
  if (!button) return;
  void copy(button.dataset.copyText ?? byId(button.dataset.copy).textContent, button);
});
addEventListener("hashchange", () => render({ play: true }));

let lost = false;
watchAssets({
  onAssets(next, upload) {
    assets = next;
    byId("upload-command").textContent = [
      `AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=x AWS_REGION=${upload.region} \\`,
      `  aws --endpoint-url ${upload.endpoint} s3 cp file.mp4 s3://${upload.bucket}/`,
    ].join("\n");
    render();
  },
  onLost(now) {
    if (now !== lost) now ? status("ladderd has stopped", true) : status("");
    lost = now;
  },
});
