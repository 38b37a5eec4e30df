import type { EncodePlan } from "../../domain/encode-plan.ts";
import type { AudioTrack } from "../../domain/source.ts";
import { steadyPath } from "../../media/steady-sound.ts";
import { clockShiftSeconds } from "./seek.ts";

/** The files beside the source that a plan's sound is read from, in the order of their inputs: the first is input 1. */
export const soundInputs = (plan: EncodePlan, sourcePath: string): string[] =>
  steadyTracks(plan).map((track) => steadyPath(sourcePath, track));

/** Where a track's sound is in the inputs, and what brings its time stamps to the timeline. */
export function soundInput(plan: EncodePlan, sourceIndex: number): { readonly stream: string; readonly shiftSeconds: number } {
  const shiftSeconds = clockShiftSeconds(plan);
  const steady = steadyTracks(plan);
  const position = steady.findIndex(({ index }) => index === sourceIndex);
  const track = steady[position];
  if (!track) return { stream: `0:${sourceIndex}`, shiftSeconds };
  // A file of its own counts from its own beginning, which is the track's.
  return { stream: `${position + 1}:0`, shiftSeconds: shiftSeconds - (track.startSeconds - plan.source.startSeconds) };
}

const steadyTracks = ({ source, audio }: EncodePlan): AudioTrack[] =>
  source.audio.filter(({ index, changesLayout }) => changesLayout && audio.some(({ sourceIndex }) => sourceIndex === index));
