import type { S3Client } from "@aws-sdk/client-s3";
import { AbortMultipartUploadCommand, ListMultipartUploadsCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { z } from "zod";
import type { Aged } from "../publish/sweep-plan.ts";
import type { SweepBucket, UnfinishedUpload } from "../publish/sweep.ts";
import { translateS3Error } from "./errors.ts";
import { listedKey } from "./listed-key.ts";

/** A bucket in pages of a thousand, ages by S3's own clock. */
export function createS3SweepBucket(client: S3Client, bucket: string): SweepBucket {
  return {
    pages: (prefix, signal) => pages({ client, bucket, prefix, signal }),
    uploads: (prefix, signal) => uploads({ client, bucket, prefix, signal }),
    abort: async ({ key, uploadId }, signal) => {
      try {
        await client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: uploadId }), { abortSignal: signal });
      } catch (error) {
        // Ended meanwhile.
        if (error instanceof Error && error.name === "NoSuchUpload") return;
        throw translateS3Error(error, { side: "destination", bucket, key, signal });
      }
    },
  };
}

interface Listing {
  readonly client: S3Client;
  readonly bucket: string;
  readonly prefix: string;
  readonly signal: AbortSignal;
}

async function* pages({ client, bucket, prefix, signal }: Listing): AsyncGenerator<readonly Aged[]> {
  let token: string | undefined;
  do {
    const command = new ListObjectsV2Command({
      Bucket: bucket,
      Prefix: prefix,
      EncodingType: "url",
      ...(token === undefined ? {} : { ContinuationToken: token }),
    });
    const clock = answerClock();
    command.middlewareStack.add((next) => async (args) => clock.read(await next(args)), { step: "deserialize" });
    const page = await client.send(command, { abortSignal: signal }).catch((error: unknown) => {
      throw translateS3Error(error, { side: "destination", bucket, key: prefix, signal });
    });
    yield (page.Contents ?? []).flatMap(({ Key, LastModified }) =>
      Key === undefined ? [] : { key: listedKey(Key, page.EncodingType), ageSeconds: clock.ageOf(LastModified) },
    );
    token = page.IsTruncated ? page.NextContinuationToken : undefined;
  } while (token !== undefined);
}

async function* uploads({ client, bucket, prefix, signal }: Listing): AsyncGenerator<readonly UnfinishedUpload[]> {
  let marker: { KeyMarker?: string; UploadIdMarker?: string } | undefined = {};
  do {
    const command: ListMultipartUploadsCommand = new ListMultipartUploadsCommand({
      Bucket: bucket,
      Prefix: prefix,
      EncodingType: "url",
      ...marker,
    });
    const clock = answerClock();
    command.middlewareStack.add((next) => async (args) => clock.read(await next(args)), { step: "deserialize" });
    const page = await client.send(command, { abortSignal: signal }).catch((error: unknown) => {
      throw translateS3Error(error, { side: "destination", bucket, key: prefix, signal });
    });
    yield (page.Uploads ?? []).flatMap(({ Key, UploadId, Initiated }) =>
      Key === undefined || UploadId === undefined
        ? []
        : { key: listedKey(Key, page.EncodingType), uploadId: UploadId, ageSeconds: clock.ageOf(Initiated) },
    );
    const { NextKeyMarker, NextUploadIdMarker, EncodingType } = page;
    marker =
      page.IsTruncated && NextKeyMarker !== undefined && NextUploadIdMarker !== undefined
        ? { KeyMarker: listedKey(NextKeyMarker, EncodingType), UploadIdMarker: NextUploadIdMarker }
        : undefined;
  } while (marker !== undefined);
}

const dated = z.object({ headers: z.object({ date: z.string() }) });

/** Ages by the date of an answer; without one by our own clock. What has no date is new. */
function answerClock() {
  let answeredMs = Number.NaN;
  return {
    read: <Answer extends { readonly response: unknown }>(answer: Answer): Answer => {
      answeredMs = Date.parse(dated.safeParse(answer.response).data?.headers.date ?? "");
      return answer;
    },
    ageOf: (date: Date | undefined): number =>
      date === undefined ? 0 : Math.max(0, ((Number.isNaN(answeredMs) ? Date.now() : answeredMs) - date.getTime()) / 1000),
  };
}
