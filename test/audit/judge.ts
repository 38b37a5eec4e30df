import { z } from "zod";

/** Advisories that do not hold here, each for a while. */
export const exceptionList = z.array(
  z.strictObject({ advisory: z.string().regex(/^GHSA(-[a-z0-9]{4}){3}$/), reason: z.string().min(20), until: z.iso.date() }),
);
export type Exception = z.infer<typeof exceptionList>[number];

const advisory = z.object({ title: z.string(), url: z.string(), severity: z.string(), name: z.string() });
const npmReport = z.object({
  vulnerabilities: z.record(z.string(), z.object({ via: z.array(z.union([z.string(), advisory])) })),
});

export type Verdict =
  | { readonly kind: "unanswered"; readonly why: string }
  | { readonly kind: "judged"; readonly open: readonly string[]; readonly excepted: readonly string[] };

/**
 * What `npm audit --json` says of the dependencies: `open` are advisories without an exception that is still in force on
 * `today` (ISO date). A registry without advisories is no clean bill: it is said.
 */
export function judgeAudit(output: string, exceptions: readonly Exception[], today: string): Verdict {
  const report = npmReport.safeParse(parsed(output));
  if (!report.success) return { kind: "unanswered", why: whyNot(output) };
  const found = Object.values(report.data.vulnerabilities).flatMap(({ via }) => via.filter((entry) => typeof entry === "object"));
  const inForce = new Set(exceptions.filter(({ until }) => until >= today).map((exception) => exception.advisory));
  const [open, excepted]: [string[], string[]] = [[], []];
  for (const [id, { severity, name, title }] of new Map(found.map((entry) => [entry.url.split("/").at(-1) ?? "", entry]))) {
    (inForce.has(id) ? excepted : open).push(`${severity}: ${name}: ${title} (${id})`);
  }
  return { kind: "judged", open, excepted };
}

function parsed(output: string): unknown {
  try {
    return JSON.parse(output);
  } catch {
    return undefined;
  }
}

const whyNot = (output: string): string =>
  z.object({ message: z.string() }).safeParse(parsed(output)).data?.message.split("\n")[0]?.split(" - ")[0] ?? "no report";
