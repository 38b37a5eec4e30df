/** Seconds as m:ss or h:mm:ss. */
export function duration(seconds) {
  if (!Number.isFinite(seconds)) return "";
  const whole = Math.round(seconds);
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const pad = (n) => String(n).padStart(2, "0");
  return h > 0 ? `${h}:${pad(m)}:${pad(s)}` : `${m}:${pad(s)}`;
}

/** Bits per second in the unit people use. */
export function bitrate(bps) {
  if (!Number.isFinite(bps) || bps <= 0) return "–";
  return bps >= 1e6 ? `${(bps / 1e6).toFixed(bps >= 1e7 ? 0 : 1)} Mb/s` : `${Math.round(bps / 1000)} kb/s`;
}

/** Bytes in the unit people use. */
export function bytes(size) {
  if (!Number.isFinite(size)) return "";
  const units = ["B", "KB", "MB", "GB", "TB"];
  let [value, unit] = [size, 0];
  while (value >= 1000 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** The last part of an asset path. */
export const titleOf = (assetPath) => assetPath.split("/").findLast((part) => part !== "") ?? assetPath;

/** The name a rung goes by: its short side, or its bit rate without picture. */
export const rungLabel = ({ width, height, bps }) => (width && height ? `${Math.min(width, height)}p` : bitrate(bps));

/** A language code in words. */
export function language(code) {
  if (!code || code === "und") return "Unknown";
  try {
    return new Intl.DisplayNames(["en"], { type: "language" }).of(code) ?? code;
  } catch {
    return code;
  }
}

/** The address of a published object. An asset path may begin with a slash, so this is absolute. */
export const objectUrl = (assetPath, file) => `${location.origin}/${`${assetPath}/${file}`.split("/").map(encodeURIComponent).join("/")}`;
