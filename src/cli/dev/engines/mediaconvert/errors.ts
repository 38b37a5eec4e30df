import { ServiceError } from "../service-error.ts";

/** The exceptions of the SDK's model (3.1169.0) with their statuses. */
export const MEDIACONVERT_ERRORS = {
  BadRequestException: 400,
  ServiceQuotaExceededException: 402,
  ForbiddenException: 403,
  NotFoundException: 404,
  ConflictException: 409,
  UnprocessableEntityException: 422,
  TooManyRequestsException: 429,
  InternalServerErrorException: 500,
} as const;

export type MediaConvertError = keyof typeof MEDIACONVERT_ERRORS;

/** One of them, to be thrown. */
export const mediaConvertError = (name: MediaConvertError, message: string): ServiceError =>
  new ServiceError({ name, status: MEDIACONVERT_ERRORS[name], message });

/** Codes of job errors that the fake comes to by itself (the service's list of error codes). */
export const JOB_ERRORS = {
  noVideo: 1020,
  noAudio: 1021,
  settings: 1040,
  acceleration: 1041,
  open: 1056,
  notFound: 1404,
  unknown: 1999,
} as const;
