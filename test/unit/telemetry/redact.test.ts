import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { createLogger } from "../../../src/telemetry/logger.ts";
import { keepEscapes, redact } from "../../../src/telemetry/redact.ts";

const SIGNED =
  "https://uploads.s3.amazonaws.com/a.mp4?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=ASIAQWERTYUIOPASDFGH%2F20260101&X-Amz-Security-Token=Token%2Bsecret&X-Amz-Signature=0123abcd&x-id=GetObject";

function linesOf(write: (logger: ReturnType<typeof createLogger>) => void, pretty = false): readonly string[] {
  const lines: string[] = [];
  write(createLogger({ level: "debug", pretty, destination: { write: (line) => lines.push(line) } }));
  return lines;
}

describe("the logger", () => {
  it("writes one JSON object a line with level, time and version", () => {
    const [line = "{}"] = linesOf((logger) => logger.child({ jobId: "j1" }).info({ bytes: 3 }, "source fetched"));
    expect(JSON.parse(line)).toMatchObject({ level: "info", jobId: "j1", bytes: 3, msg: "source fetched", version: "0.1.0" });
    expect(JSON.parse(line)).toHaveProperty("hostname");
  });

  it.each<[string, Readonly<Record<string, unknown>>]>([
    ["a field", { url: SIGNED }],
    ["a nested field", { request: { deep: [{ url: SIGNED }] } }],
    ["an error's message", { err: new Error(`cannot open ${SIGNED}`) }],
    ["a URL inside another URL", { url: `http://x/?target=${encodeURIComponent(SIGNED)}` }],
    ["JSON inside a string", { body: JSON.stringify({ url: SIGNED }) }],
  ])("takes a signed URL out of %s and keeps the rest readable", (_, fields) => {
    const [line = ""] = linesOf((logger) => logger.info(fields, "request"));
    expect(line).not.toMatch(/0123abcd|Token%2Bsecret|Token%252Bsecret|ASIAQWERTYUIOPASDFGH/);
    expect(line).toContain("uploads.s3.amazonaws.com");
    expect(() => JSON.parse(line)).not.toThrow();
  });

  it.each<[string, Readonly<Record<string, unknown>>]>([
    [
      "credentials",
      { credentials: { accessKeyId: "AKIAQWERTYUIOPASDFGH", secretAccessKey: "tops3cret", sessionToken: 'tops3cret"quoted' } },
    ],
    ["environment names", { env: { AWS_SECRET_ACCESS_KEY: "tops3cret" } }],
    ["a header", { headers: { authorization: "AWS4-HMAC-SHA256 tops3cret" } }],
    ["nested JSON", { body: JSON.stringify({ SecretAccessKey: "tops3cret" }) }],
    ["a URL's password", { proxy: "http://user:tops3cret@proxy:3128" }],
  ])("takes secrets out of %s", (_, fields) => {
    const [line = ""] = linesOf((logger) => logger.info(fields, "request"));
    expect(line).not.toContain("tops3cret");
    expect(() => JSON.parse(line)).not.toThrow();
  });

  it("takes access key ids out of what AWS says of them", () => {
    const err = new Error("The AWS Access Key Id AKIAQWERTYUIOPASDFGH (was ASIAQWERTYUIOPASDFGH) does not exist");
    const [line] = linesOf((logger) => logger.warn({ err }, "refused"));
    expect(line).toContain("The AWS Access Key Id [redacted] (was [redacted]) does not exist");
    expect(line).not.toMatch(/A[KS]IAQ/);
  });

  it("cannot be made to break a line or move a terminal's cursor by what a file says", () => {
    const hostile = 'title\n{"level":"fatal"}\u001B[2J\u009B31m\u007F';
    const [json = ""] = linesOf((logger) => logger.warn({ stderr: hostile }, "ffmpeg said"));
    expect(json.trimEnd()).not.toMatch(/[\u0000-\u001F\u007F-\u009F]/);
    expect(JSON.parse(json)).toMatchObject({ stderr: hostile });
    const pretty = linesOf((logger) => logger.warn({ err: new Error(hostile) }, hostile), true).join("");
    expect(pretty).not.toMatch(/[\u001B\u007F-\u009F]/);
  });
});

describe("redact", () => {
  it("leaves every JSON line without secrets as it is", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const line = JSON.stringify({ value });
        fc.pre(!/x-amz|key|token|password|authorization|:\/\/|AKIA|ASIA/i.test(line));
        expect(redact(line)).toBe(line);
      }),
    );
  });

  it("keeps JSON parseable whatever a secret field holds", () => {
    fc.assert(
      fc.property(fc.string(), (secret) => {
        expect(JSON.parse(redact(JSON.stringify({ secretAccessKey: secret, next: 1 })))).toEqual({
          secretAccessKey: "[redacted]",
          next: 1,
        });
      }),
    );
  });
});

describe("keepEscapes", () => {
  it("turns control characters into visible text and leaves everything else", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const shown: unknown = JSON.parse(keepEscapes(JSON.stringify(text)));
        expect(shown).not.toMatch(/[\u0000-\u0008\u000B-\u001F]/);
      }),
    );
    expect(JSON.parse(keepEscapes(JSON.stringify("a\\u001b\n\tb")))).toBe("a\\u001b\n\tb");
  });
});
