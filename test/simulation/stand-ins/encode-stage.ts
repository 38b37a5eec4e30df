import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { EncodePlan } from "../../../src/domain/encode-plan.ts";
import { EngineError } from "../../../src/domain/errors.ts";
import { INIT_NAME } from "../../../src/packaging/compile.ts";
import type { RenditionFacts } from "../../../src/packaging/facts.ts";
import type { encodeStage as original } from "../../../src/pipeline/encode-stage.ts";
import { pause } from "../../../src/queue/pause.ts";
import { aPresentation } from "../../helpers/facts.ts";
import type { Life } from "../scheduler.ts";
import type { World } from "../world.ts";
import { currentWorld, lives, strikes } from "../world.ts";
import { POISON } from "./contents.ts";

/** Writes files of the sizes that the plan's output has, one segment after the other, in virtual time. */
export const encodeStage: typeof original = async ({ plan, reused }, { sourcePath, outDir }, { signal }) => {
  const world = currentWorld();
  const life = lives.getStore();
  if (!world || !life) throw new Error("no simulation is running");
  const content = readFileSync(sourcePath, "utf8");
  count(world, content, plan);
  life.children += 1;
  try {
    const { video, audio } = aPresentation(plan);
    const facts = [...video, ...audio].map((entry) => entry.facts);
    for (const { id, initBytes } of facts) {
      mkdirSync(join(outDir, id));
      writeFileSync(join(outDir, id, INIT_NAME), Buffer.alloc(initBytes));
    }
    const segments = Math.max(0, ...facts.map(({ segments: all }) => all.length));
    for (let at = 0; at < segments; at += 1) {
      // What an attempt before made costs no time.
      if (at >= (reused?.count ?? 0)) await pause(paceMs(world), signal);
      signal.throwIfAborted();
      await suffer(world, life, content);
      for (const rendition of facts) writeSegment(rendition, at, outDir);
    }
    return { decodeErrors: 0, encoderSeconds: 1 };
  } finally {
    life.children -= 1;
  }
};

function count({ encodes }: World, content: string, plan: EncodePlan): void {
  if (isBeginning(plan)) encodes.set(content, (encodes.get(content) ?? 0) + 1);
}

/** What follows an early part is the same encode. */
const isBeginning = ({ video }: EncodePlan): boolean => video.some(({ height }) => height <= SMALLEST_HEIGHT);
const SMALLEST_HEIGHT = 144;

/** What may befall an encode: never resolves for a process that is gone. */
async function suffer(world: World, life: Life, content: string): Promise<void> {
  if (content.includes(POISON)) {
    world.faults.push(`${life.name} dies of its source`);
    world.kill(life);
    await new Promise(() => {});
  }
  if (!strikes(world, world.weather.encodeFailures)) return;
  world.faults.push(`failed encode of ${content}`);
  throw new EngineError("engine_failed", "the model of an encoder fails");
}

function writeSegment({ id, segments }: RenditionFacts, at: number, outDir: string): void {
  const segment = segments[at];
  if (segment) writeFileSync(join(outDir, id, segment.name), Buffer.alloc(segment.sizeBytes));
}

/** Of one segment: some encodes are shorter than a lease, some longer. */
const paceMs = ({ random }: World): number => (random.chance(0.8) ? random.between(10, 2000) : random.between(2000, 25_000));
