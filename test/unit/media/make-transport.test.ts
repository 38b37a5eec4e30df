import { describe, expect, test } from "vitest";
import { groupsOf, transportArguments } from "../../../src/media/make-transport.ts";
import { videoFacts } from "../../helpers/facts.ts";
import { aPlan } from "../../helpers/plans.ts";

const files = (...sizes: readonly number[]) => sizes.map((bytes, index) => ({ path: `${index}`, bytes }));
const namesOf = (groups: ReturnType<typeof groupsOf>): readonly string[] => groups.map((group) => group.map(({ path }) => path).join(" "));

describe("segments that are read back", () => {
  test.each([
    ["fit together", files(3, 3, 4), ["0 1 2"]],
    ["fill more than one group", files(6, 4, 1, 9, 2), ["0 1", "2 3", "4"]],
    ["are larger than a group", files(20, 1, 20), ["0", "1", "2"]],
    ["are none", files(), []],
  ] as const)("that %s", (_, sizes, expected) => {
    expect(namesOf(groupsOf(sizes, 10))).toEqual(expected);
  });
});

test("ffmpeg copies, from a folder whose name is no pattern", () => {
  const plan = aPlan();
  const [rendition] = plan.video;
  if (!rendition) throw new RangeError("no rendition");
  const request = { outDir: "/w/100%d", picture: videoFacts(rendition, plan), soundPath: "/w/s.mp4", segmentSeconds: 6.006 };
  const args = transportArguments({ ...request, picturePath: "/w/p.mp4", playlist: "/w/l.m3u8" });
  expect(args).toEqual(expect.arrayContaining(["-c", "copy", "-hls_time", "6.006", "/w/100%%d/v240%05d.ts"]));
  const silent = transportArguments({ ...request, soundPath: undefined, picturePath: "/w/p.mp4", playlist: "/w/l.m3u8" });
  expect(silent.filter((arg) => arg === "-i")).toHaveLength(1);
  expect(silent).not.toContain("1:a");
});
