import { z } from "zod";
import { readNotification } from "../engines/elastic-transcoder/states.ts";
import { readEvent } from "../engines/mediaconvert/states.ts";
import type { RemoteEngineName } from "../engines/remote.ts";
import type { RemoteReport, RemoteState } from "../engines/remote-state.ts";
import { parseBoundedJson } from "./bounded-json.ts";

/** What one message of the events queue is for us. */
export type RemoteEvent =
  | {
      readonly kind: "event";
      readonly engine: RemoteEngineName;
      readonly remoteId: string;
      /** Absent: the sender did not say whose job it is. */
      readonly token?: string;
      readonly state: RemoteState;
    }
  /** Nothing to do, now or when it comes again. */
  | { readonly kind: "ignored"; readonly reason: string; readonly engine?: RemoteEngineName };

const snsNotification = z.object({ Type: z.literal("Notification"), Message: z.string() });

/**
 * Reads a message body: Elastic Transcoder's notification (JSON in the Message of SNS's JSON, or delivered raw), or
 * MediaConvert's EventBridge event, through SNS or not. Pure and total: what cannot be read is ignored, since the sweep asks
 * the services themselves.
 */
export function parseEngineEvent(body: string): RemoteEvent {
  const json = parseBoundedJson(body);
  if (json.kind === "unreadable") return ignored(json.reason);
  const wrapped = snsNotification.safeParse(json.value);
  if (!wrapped.success) return eventOf(json.value);
  const inner = parseBoundedJson(wrapped.data.Message);
  return inner.kind === "unreadable" ? ignored(`SNS Message: ${inner.reason}`) : eventOf(inner.value);
}

function eventOf(value: unknown): RemoteEvent {
  const mediaConvert = readEvent(value);
  if (mediaConvert) return fromReport("mediaconvert", mediaConvert);
  const notification = readNotification(value);
  return notification ? fromReport("elastic-transcoder", notification) : ignored("the body is no engine's event that is known");
}

function fromReport(engine: RemoteEngineName, { id: remoteId, token, status, state }: RemoteReport): RemoteEvent {
  if (!state) return { ...ignored(`${engine} says ${status}, which moves no job`), engine };
  return { kind: "event", engine, remoteId, state, ...(token === undefined ? {} : { token }) };
}

/** Whether an engine tells of a job in this message, whatever it tells. Pure. */
export const isEngineEvent = (body: string): boolean => parseEngineEvent(body).engine !== undefined;

const ignored = (reason: string): Extract<RemoteEvent, { kind: "ignored" }> => ({ kind: "ignored", reason });
