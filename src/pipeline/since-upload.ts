/** Seconds from the upload's event to now; nothing when the job does not say when that was. */
export function sinceUpload({ eventTime }: { readonly eventTime?: string }): { secondsSinceUpload?: number } {
  const uploadedMs = Date.parse(eventTime ?? "");
  return Number.isNaN(uploadedMs) ? {} : { secondsSinceUpload: Math.max(0, (Date.now() - uploadedMs) / 1000) };
}
