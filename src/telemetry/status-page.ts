import type { HealthReport } from "./health.ts";
import type { EndedJob, JobBoard, RunningJob } from "./jobs.ts";

export interface Status {
  readonly version: string;
  readonly health: HealthReport;
  readonly readiness: HealthReport;
  readonly board: Pick<JobBoard, "running" | "ended">;
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Text for HTML, inside an element or a quoted attribute: source keys are hostile. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? "");

/** The status page: one document without any other resource, renewed by the browser every five seconds. */
export function renderStatusPage({ version, health, readiness, board }: Status): string {
  const running = board.running();
  const ended = board.ended();
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="refresh" content="5">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>ladderd</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #1c2024; background: #fff }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #d9dde2; overflow-wrap: anywhere }
.bad { color: #b3261e }
progress { width: 8rem }
@media (prefers-color-scheme: dark) { body { color: #e4e7ea; background: #16191c } th, td { border-color: #33383d } .bad { color: #ff8a80 } }
</style>
</head>
<body>
<h1>ladderd <small>${escapeHtml(version)}</small></h1>
<p>${state("healthy", "not healthy", health)} · ${state("takes jobs", "takes no jobs", readiness)}</p>
<h2>Running</h2>
${table(["source", "stage", "progress", "left", "since"], running.map(runningRow), "No job is running.")}
<h2>Ended</h2>
${table(["source", "outcome", "published at", "took", "ended"], ended.map(endedRow), "No job has ended yet.")}
<p><a href="api/jobs">jobs as JSON</a> · <a href="metrics">metrics</a></p>
</body>
</html>
`;
}

function state(good: string, bad: string, { ok, reasons }: HealthReport): string {
  return ok ? good : `<span class="bad">${bad}: ${escapeHtml(reasons.join(", "))}</span>`;
}

function table(heads: readonly string[], rows: readonly (readonly string[])[], empty: string): string {
  if (rows.length === 0) return `<p>${empty}</p>`;
  const head = heads.map((text) => `<th>${text}</th>`).join("");
  const body = rows.map((cells) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`).join("\n");
  return `<table>\n<thead><tr>${head}</tr></thead>\n<tbody>\n${body}\n</tbody>\n</table>`;
}

function runningRow({ sourceKey, stage, fraction, secondsLeft, startedAt }: RunningJob): readonly string[] {
  const percent = Math.round(100 * (fraction ?? 0));
  return [
    escapeHtml(sourceKey),
    escapeHtml(stage ?? ""),
    `<progress max="100" value="${percent}">${percent} %</progress>`,
    secondsLeft === undefined ? "" : `${Math.round(secondsLeft)} s`,
    escapeHtml(startedAt),
  ];
}

function endedRow({ sourceKey, outcome, code, reason, assetPath, durationSeconds, endedAt }: EndedJob): readonly string[] {
  const why = [code, reason].filter((text) => text !== undefined).join(": ");
  return [
    escapeHtml(sourceKey),
    escapeHtml(why ? `${outcome} (${why})` : outcome),
    escapeHtml(assetPath ?? ""),
    `${durationSeconds.toFixed(1)} s`,
    escapeHtml(endedAt),
  ];
}
