import { describe, expect, test } from "vitest";
import type { EngineCallKind } from "../../../src/aws/engine-errors.ts";
import { translateEngineError } from "../../../src/aws/engine-errors.ts";
import { EngineError, ShutdownError } from "../../../src/domain/errors.ts";

const anAnswer = (name: string, httpStatusCode: number): Error => Object.assign(new Error(name), { name, $metadata: { httpStatusCode } });
const { signal } = new AbortController();
const translate = (error: unknown, kind: EngineCallKind = "submit", during: AbortSignal = signal): Error =>
  translateEngineError(error, { engine: "mediaconvert", operation: "CreateJob", kind, signal: during });

describe("an error of a managed engine", () => {
  test.each<[string, number, EngineCallKind, string, string]>([
    ["TooManyRequestsException", 429, "submit", "quota", "engine_unavailable"],
    ["LimitExceededException", 429, "submit", "quota", "engine_unavailable"],
    ["ServiceQuotaExceededException", 402, "submit", "quota", "engine_unavailable"],
    ["ThrottlingException", 400, "read", "quota", "engine_unavailable"],
    ["ForbiddenException", 403, "submit", "role", "engine_unavailable"],
    ["AccessDeniedException", 403, "check", "role", "engine_unavailable"],
    ["ExpiredTokenException", 403, "submit", "retry", "engine_unavailable"],
    ["NotFoundException", 404, "submit", "role", "engine_unavailable"],
    ["ResourceNotFoundException", 404, "check", "role", "engine_unavailable"],
    ["NotFoundException", 404, "read", "retry", "engine_unavailable"],
    ["ConflictException", 409, "submit", "retry", "engine_unavailable"],
    ["BadRequestException", 400, "submit", "source", "engine_rejected"],
    ["ValidationException", 400, "submit", "source", "engine_rejected"],
    ["BadRequestException", 400, "read", "service", "engine_unavailable"],
    ["IncompatibleVersionException", 400, "submit", "service", "engine_unavailable"],
    ["InternalServerErrorException", 500, "submit", "service", "engine_unavailable"],
    ["Gone", 503, "read", "service", "engine_unavailable"],
  ])("%s (%i) at a %s is of class %s: %s", (...row) => {
    const [name, status, kind, failureClass, code] = row;
    const error = translate(anAnswer(name, status), kind);
    expect(error).toBeInstanceOf(EngineError);
    expect(error).toMatchObject({ failureClass, code, cause: { name }, facts: { engine: "mediaconvert", operation: "CreateJob", status } });
  });

  test.each<[string, unknown, boolean]>([
    ["an answer that it failed", anAnswer("InternalServerErrorException", 500), true],
    ["no answer", new Error("socket hang up"), true],
    ["an answer that it refused", anAnswer("BadRequestException", 400), false],
    ["nobody there", Object.assign(new Error("refused"), { code: "ECONNREFUSED" }), false],
    ["no such host", Object.assign(new Error("no host"), { code: "ENOTFOUND" }), false],
    ["no credentials to sign with", Object.assign(new Error("none"), { name: "CredentialsProviderError" }), false],
  ])("leaves it open whether there is a job after a submit with %s: %#", (_, error, unclear) => {
    expect(translate(error)).toMatchObject({ unclear });
    expect(translate(error, "read")).toMatchObject({ unclear: false });
  });

  test("is the signal's reason after an abort", () => {
    const reason = new ShutdownError("stop");
    expect(translate(new Error("aborted"), "read", AbortSignal.abort(reason))).toBe(reason);
  });
});
