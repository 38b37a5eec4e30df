import { describe, expect, test } from "vitest";
import { diagnose } from "../../../src/engines/ffmpeg/diagnose.ts";
import type { CommandResult } from "../../../src/process/run-command.ts";

const aResult = (changes: Partial<CommandResult> = {}): CommandResult => ({
  exitCode: 0,
  signal: null,
  ended: "exit",
  stdout: "",
  stderrTail: "",
  durationMs: 1000,
  ...changes,
});
const killedByUs = aResult({ exitCode: null, signal: "SIGTERM", ended: "cancelled" });

describe("diagnose", () => {
  test.each<readonly [what: string, results: { encoder?: CommandResult; packager?: CommandResult }, code: string]>([
    ["ffmpeg fails", { encoder: aResult({ exitCode: 1 }), packager: killedByUs }, "engine_failed"],
    ["the packager fails", { encoder: killedByUs, packager: aResult({ exitCode: 1 }) }, "engine_failed"],
    ["ffmpeg crashes", { encoder: aResult({ exitCode: null, signal: "SIGSEGV" }), packager: killedByUs }, "engine_failed"],
    ["ffmpeg is killed by the kernel", { encoder: aResult({ exitCode: null, signal: "SIGKILL" }), packager: killedByUs }, "engine_failed"],
    ["ffmpeg counts too many errors", { encoder: aResult({ exitCode: 69 }), packager: killedByUs }, "source_corrupt"],
    ["ffmpeg passes its deadline", { encoder: aResult({ exitCode: null, signal: "SIGKILL", ended: "deadline" }) }, "resource_limit"],
    ["the packager passes its deadline", { packager: aResult({ ended: "deadline" }) }, "resource_limit"],
    [
      "ffmpeg uses up its processor time",
      { encoder: aResult({ exitCode: null, signal: "SIGXCPU" }), packager: killedByUs },
      "resource_limit",
    ],
    [
      "ffmpeg gets no more memory",
      { encoder: aResult({ exitCode: 244, stderrTail: "Error while opening encoder: Cannot allocate memory" }), packager: killedByUs },
      "resource_limit",
    ],
    [
      "the packager gets no more memory",
      { packager: aResult({ exitCode: null, signal: "SIGABRT", stderrTail: "what():  std::bad_alloc" }), encoder: killedByUs },
      "resource_limit",
    ],
    ["a file grows too large", { packager: aResult({ exitCode: 153 }), encoder: killedByUs }, "resource_limit"],
    [
      "ffmpeg's disk is full",
      { encoder: aResult({ exitCode: 1, stderrTail: "x: No space left on device" }), packager: killedByUs },
      "disk_full",
    ],
    [
      "no frame can be decoded",
      {
        encoder: aResult({ exitCode: 1, stderrTail: "Cannot determine format of input stream 0:0 after EOF" }),
        packager: aResult({ exitCode: 1 }),
      },
      "source_corrupt",
    ],
    [
      "fault 17: ffmpeg is told to stop by somebody else",
      { encoder: aResult({ exitCode: 255, stderrTail: "Exiting normally, received signal 2." }) },
      "shutdown",
    ],
    ["fault 17: its fence is told to stop", { encoder: aResult({ exitCode: null, signal: "SIGINT" }), packager: killedByUs }, "shutdown"],
    ["fault 17: the packager is told to stop", { encoder: killedByUs, packager: aResult({ exitCode: 143 }) }, "shutdown"],
    ["ffmpeg says 255 by itself", { encoder: aResult({ exitCode: 255 }), packager: killedByUs }, "engine_failed"],
    ["the packager's disk is full", { packager: aResult({ exitCode: 1, stderrTail: "NO_SPACE" }), encoder: killedByUs }, "disk_full"],
  ])("when %s", (_what, { encoder = aResult(), packager = aResult() }, code) => {
    expect(diagnose({ encoder, packager, decodeErrors: 0 }).code).toBe(code);
  });

  test("blames the one that was not killed by us", () => {
    expect(diagnose({ encoder: killedByUs, packager: aResult({ exitCode: 1 }), decodeErrors: 0 }).message).toBe("the packager failed");
    expect(diagnose({ encoder: aResult({ exitCode: 1 }), packager: killedByUs, decodeErrors: 0 }).message).toBe("ffmpeg failed");
  });

  test.each<readonly [string, Partial<CommandResult>, string]>([
    ["fault 51: a crash", { exitCode: null, signal: "SIGSEGV" }, "ffmpeg crashed (SIGSEGV)"],
    ["fault 51: a crash behind a fence", { exitCode: 134 }, "ffmpeg crashed (SIGABRT)"],
    ["fault 48: the kernel's end", { exitCode: null, signal: "SIGKILL" }, "when the machine ran out of memory"],
    ["fault 48: the kernel's end behind a fence", { exitCode: 137 }, "when the machine ran out of memory"],
    ["a code of its own", { exitCode: 187 }, "ffmpeg failed"],
  ])("names %s", (_what, changes, message) => {
    expect(diagnose({ encoder: aResult(changes), packager: killedByUs, decodeErrors: 0 }).message).toContain(message);
  });

  test("keeps the last words of both, bounded", () => {
    const { facts } = diagnose({ encoder: aResult({ exitCode: 1, stderrTail: "x".repeat(8000) }), packager: killedByUs, decodeErrors: 7 });
    expect(facts).toMatchObject({ decodeErrors: 7, encoder: { exitCode: 1, stderr: "x".repeat(2000) }, packager: { ended: "cancelled" } });
  });
});
