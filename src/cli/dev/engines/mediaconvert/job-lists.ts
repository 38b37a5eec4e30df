import { z } from "zod";
import { pageOf } from "../page.ts";
import { mediaConvertError } from "./errors.ts";
import type { MediaConvertJob } from "./job.ts";
import { jobOnTheWire } from "./job.ts";

const STATUSES = ["SUBMITTED", "PROGRESSING", "COMPLETE", "CANCELED", "ERROR"] as const;
const ORDERS = ["ASCENDING", "DESCENDING"] as const;

const listQuery = z.object({
  inputFile: z.string().max(300).optional(),
  queue: z.string().optional(),
  status: z.enum(STATUSES).optional(),
  order: z.enum(ORDERS).default("DESCENDING"),
  maxResults: z.coerce.number().int().min(1).max(20).default(20),
  nextToken: z.string().optional(),
});
type ListQuery = z.infer<typeof listQuery>;

/** Answers SearchJobs and ListJobs: `inputFile` is found anywhere in the input's URI. Throws BadRequestException. */
export function listJobs(jobs: readonly MediaConvertJob[], query: URLSearchParams): Readonly<Record<string, unknown>> {
  return listed(jobs, parse(listQuery, Object.fromEntries(query)));
}

const jobsQuery = z.looseObject({
  filterList: z
    .array(
      z.looseObject({
        key: z.enum([
          "queue",
          "status",
          "fileInput",
          "jobEngineVersionRequested",
          "jobEngineVersionUsed",
          "audioCodec",
          "videoCodec",
          "errorCode",
        ]),
        values: z.array(z.string()).min(1),
      }),
    )
    .default([]),
  order: z.enum(ORDERS).default("DESCENDING"),
  maxResults: z.int().min(1).max(20).default(20),
  nextToken: z.string().optional(),
});
export type JobsQuery = z.infer<typeof jobsQuery>;

/** Reads the body of StartJobsQuery. Throws BadRequestException. */
export const parseJobsQuery = (body: unknown): JobsQuery => parse(jobsQuery, body ?? {});

/** Answers GetJobsQueryResults; filters that the fake does not know let everything through. */
export function queriedJobs(jobs: readonly MediaConvertJob[], { filterList, ...query }: JobsQuery): Readonly<Record<string, unknown>> {
  const passes = (job: MediaConvertJob): boolean =>
    filterList.every(({ key, values }) => {
      if (key === "queue") return values.some((value) => isOf(job, value));
      if (key === "status") return values.includes(job.status);
      if (key === "fileInput") return values.some((value) => inputOf(job).includes(value));
      return key === "errorCode" ? values.includes(String(job.error?.code)) : true;
    });
  return { ...listed(jobs.filter(passes), query), status: "COMPLETE" };
}

function listed(jobs: readonly MediaConvertJob[], query: ListQuery): Readonly<Record<string, unknown>> {
  const { inputFile = "", queue, status, order, maxResults, nextToken } = query;
  const found = jobs.filter(
    (job) =>
      inputOf(job).includes(inputFile) && (queue === undefined || isOf(job, queue)) && (status === undefined || job.status === status),
  );
  const { items, nextToken: next } = pageOf(order === "ASCENDING" ? found : found.toReversed(), { token: nextToken, size: maxResults });
  return { jobs: items.map(jobOnTheWire), ...(next === undefined ? {} : { nextToken: next }) };
}

const inputOf = ({ request }: MediaConvertJob): string => request.settings.inputs[0].fileInput;

/** A queue goes by its name or its ARN. */
const isOf = ({ queueArn }: MediaConvertJob, queue: string): boolean => queueArn === queue || queueArn.endsWith(`:queues/${queue}`);

function parse<T>(schema: z.ZodType<T>, given: unknown): T {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  throw mediaConvertError("BadRequestException", z.prettifyError(parsed.error));
}
