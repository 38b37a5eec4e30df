import { describe, expect, test } from "vitest";
import { exceptionList, judgeAudit } from "../../audit/judge.ts";

const ID = "GHSA-2p57-rm9w-gvfp";
const reportOf = (vulnerabilities: unknown): string => JSON.stringify({ auditReportVersion: 2, vulnerabilities });
const advisory = { source: 1, name: "ip", title: "SSRF", url: `https://github.com/advisories/${ID}`, severity: "high" };
const exception = (until: string) => ({ advisory: ID, reason: "its function is not called by this project", until });

describe("the audit", () => {
  test("finds nothing in a clean report", () => {
    expect(judgeAudit(reportOf({}), [], "2026-11-23")).toStrictEqual({ kind: "judged", open: [], excepted: [] });
  });

  test("names an advisory once, however many packages it reaches", () => {
    const report = reportOf({ ip: { via: [advisory] }, pac: { via: ["ip"] }, other: { via: [advisory, "pac"] } });
    expect(judgeAudit(report, [], "2026-11-23")).toStrictEqual({ kind: "judged", open: [`high: ip: SSRF (${ID})`], excepted: [] });
  });

  test("excepts what has a reason, until its day has passed", () => {
    const report = reportOf({ ip: { via: [advisory] } });
    expect(judgeAudit(report, [exception("2026-11-23")], "2026-11-23")).toMatchObject({
      open: [],
      excepted: [expect.stringContaining(ID)],
    });
    expect(judgeAudit(report, [exception("2026-11-22")], "2026-11-23")).toMatchObject({
      open: [expect.stringContaining(ID)],
      excepted: [],
    });
  });

  test.each([
    ["", "no report"],
    ["<html>", "no report"],
    [JSON.stringify({ message: "405 Method Not Allowed - POST https://host/x", error: {} }), "405 Method Not Allowed"],
  ])("says of %j that nothing is known", (output, why) => {
    expect(judgeAudit(output, [], "2026-11-23")).toStrictEqual({ kind: "unanswered", why });
  });

  test("takes no exception without a reason", () => {
    expect(exceptionList.safeParse([{ ...exception("2027-01-01"), reason: "" }]).success).toBe(false);
  });
});
