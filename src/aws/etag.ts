/** An ETag as we keep and compare it: without the quotes and without the weak mark. */
export const bareEtag = (etag: string): string => etag.replace(/^W\//, "").replaceAll('"', "");

/** An ETag as HTTP wants it in If-Match (RFC 9110, 8.8.3). */
export const quotedEtag = (etag: string): string => `"${bareEtag(etag)}"`;
