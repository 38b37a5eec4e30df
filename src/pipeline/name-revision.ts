import { randomBytes } from "node:crypto";
import { newRevision } from "../domain/output-layout.ts";

/** A name that no other revision has. */
export const nameRevision = (): string => newRevision(new Date(), randomBytes(4).toString("hex"));
