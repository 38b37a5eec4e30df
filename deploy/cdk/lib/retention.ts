import type { RetentionDays } from "aws-cdk-lib/aws-logs";

/** What CloudWatch Logs can keep a log group for, in days. */
export const KEEPABLE_DAYS = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827] as const;

/** The days as the library's enumeration, whose values are the days. */
export const retentionOf = (days: (typeof KEEPABLE_DAYS)[number]): RetentionDays => days;
