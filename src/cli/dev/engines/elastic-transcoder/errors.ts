import { ServiceError } from "../service-error.ts";

/** The exceptions of the SDK's model (3.957.0) with their statuses; ThrottlingException is AWS's common one. */
export const ELASTIC_TRANSCODER_ERRORS = {
  ValidationException: 400,
  IncompatibleVersionException: 400,
  AccessDeniedException: 403,
  ResourceNotFoundException: 404,
  ResourceInUseException: 409,
  LimitExceededException: 429,
  ThrottlingException: 429,
  InternalServiceException: 500,
} as const;

export type ElasticTranscoderError = keyof typeof ELASTIC_TRANSCODER_ERRORS;

/** One of them, to be thrown. */
export const elasticTranscoderError = (name: ElasticTranscoderError, message: string): ServiceError =>
  new ServiceError({ name, status: ELASTIC_TRANSCODER_ERRORS[name], message });

/** Codes of job errors that the fake comes to by itself (developer guide, "Job Status Messages"). */
export const JOB_ERRORS = { inputMissing: 3001, outputExists: 3002, unsupported: 4000, internal: 9999 } as const;
