import type { HeadObjectCommandOutput, S3Client } from "@aws-sdk/client-s3";
import { HeadObjectCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { SourceError, StorageError } from "../domain/errors.ts";
import type { SourceRef } from "../domain/job.ts";
import type { SourceObject, SourceStore } from "../pipeline/ports.ts";
import { createBufferDebt } from "./buffer-debt.ts";
import { bareEtag } from "./etag.ts";
import { listedKey } from "./listed-key.ts";
import { translateS3Error } from "./errors.ts";
import { downloadRanges } from "./ranged-download.ts";

/** Sources in S3. What HEAD saw is what `download` writes: every range is pinned to its ETag, and to the version if one is named. */
export function createS3SourceStore(client: S3Client): SourceStore {
  const spent = createBufferDebt();
  return {
    head: async (ref, signal) => {
      const call = { side: "source", bucket: ref.bucket, key: ref.key, signal } as const;
      let head: HeadObjectCommandOutput;
      try {
        head = await client.send(new HeadObjectCommand(addressOf(ref)), signal ? { abortSignal: signal } : {});
      } catch (error) {
        throw translateS3Error(error, call);
      }
      if (isArchived(head)) {
        const facts = { bucket: ref.bucket, key: ref.key, storageClass: head.StorageClass, archiveStatus: head.ArchiveStatus };
        throw new SourceError("source_archived", "the object is archived and not restored", { facts });
      }
      return sourceObject(ref, head);
    },
    list: async ({ bucket, prefix }, signal) => {
      try {
        const command = new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, EncodingType: "url" });
        const page = await client.send(command, signal ? { abortSignal: signal } : {});
        return (page.Contents ?? []).flatMap(({ Key, Size = 0, ETag = "" }) =>
          Key === undefined ? [] : { key: listedKey(Key, page.EncodingType), sizeBytes: Size, etag: bareEtag(ETag) },
        );
      } catch (error) {
        throw translateS3Error(error, { side: "source", bucket, key: prefix, signal });
      }
    },
    download: async (object, path, { signal, onBytes }) => {
      await downloadRanges({ client, object, address: addressOf(object.ref), path, signal, onBytes, spent });
    },
  };
}

const addressOf = ({ bucket, key, versionId }: SourceRef) => ({
  Bucket: bucket,
  Key: key,
  ...(versionId === undefined ? {} : { VersionId: versionId }),
});

function sourceObject(ref: SourceRef, { ETag, ContentLength, LastModified }: HeadObjectCommandOutput): SourceObject {
  if (ETag === undefined || ContentLength === undefined || LastModified === undefined) {
    throw new StorageError("S3 described the object without its ETag, size or date", { facts: { bucket: ref.bucket, key: ref.key } });
  }
  return { ref, etag: bareEtag(ETag), sizeBytes: ContentLength, lastModified: LastModified.toISOString() };
}

/** GLACIER and DEEP_ARCHIVE need a finished restore; INTELLIGENT_TIERING says by ArchiveStatus when it does. GLACIER_IR is readable. */
function isArchived({ StorageClass, ArchiveStatus, Restore }: HeadObjectCommandOutput): boolean {
  const archived = StorageClass === "GLACIER" || StorageClass === "DEEP_ARCHIVE" || ArchiveStatus !== undefined;
  return archived && !/ongoing-request="false"/.test(Restore ?? "");
}
