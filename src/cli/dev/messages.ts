import { basename } from "node:path";
import { formatBytes, formatDuration } from "../print.ts";
import type { EmbeddedAws } from "./embedded-aws.ts";
import { keyToPath } from "./proxy/keys.ts";
import type { JobEnd } from "./results.ts";
import { isPublished } from "./results.ts";
import { plainText } from "./text-width.ts";
import type { PlannedUpload } from "./uploads.ts";

interface Places {
  readonly aws: Pick<EmbeddedAws, "endpoint" | "env">;
  readonly originUrl: string;
  readonly statusUrl: string;
  readonly uploadsBucket: string;
  /** The embedded service that does the jobs, and where it is. */
  readonly engine?: { readonly name: string; readonly url: string } | undefined;
}

/** What dev says when everything runs. */
export function greeting({ aws, originUrl, statusUrl, uploadsBucket, engine }: Places): readonly string[] {
  const credentials = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"]
    .map((name) => `${name}=${aws.env[name] ?? ""}`)
    .join(" ");
  return [
    `player  ${originUrl}/`,
    `status  ${statusUrl}/`,
    ...(engine ? [`engine  ${engine.name} (embedded, ${engine.url})`] : []),
    `upload  ${credentials} aws --endpoint-url ${aws.endpoint} s3 cp FILE s3://${uploadsBucket}/`,
    "",
  ];
}

/** What dev says when it uploads a file; why the key is another name than the file's, if it is. */
export function uploading({ path, key, renamed }: PlannedUpload, sizeBytes: number): string {
  const note = renamed ? ` as ${plainText(key)}, because another file is published under its name` : "";
  return `${plainText(basename(path))}: uploading ${formatBytes(sizeBytes)}${note}`;
}

/** What dev says when a job has ended: where it plays, or why it does not. */
export function ended(end: JobEnd, originUrl: string): readonly string[] {
  const name = plainText(end.sourceKey);
  const { assetPath, outcome, code, reason } = end;
  if (!isPublished(end) || assetPath === undefined) {
    if (outcome === "submitted") return [`… ${name}: the service works at it`];
    const why = [code, reason].filter((part) => part !== undefined).map(plainText);
    return [`${outcome === "ignored" ? "–" : "✗"} ${name}: ${outcome}${why.length > 0 ? ` (${why.join(": ")})` : ""}`];
  }
  const asset = `${originUrl}/${keyToPath(assetPath)}`;
  return [
    `✓ ${name}: ${outcome} in ${formatDuration(end.durationSeconds)}`,
    `  HLS     ${asset}/index.m3u8`,
    `  DASH    ${asset}/index.mpd`,
    `  player  ${originUrl}/#${keyToPath(assetPath)}`,
  ];
}
