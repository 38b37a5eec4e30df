import { expect, test } from "vitest";
import { packetSizes } from "../../../src/media/probe-content.ts";

test("packetSizes adds up framecrc's lines a stream and passes over its comments", () => {
  const packets = packetSizes();
  for (const line of [
    "#software: Lavf59.27.100",
    "#dimensions 0: 640x360",
    "0,         -2,          0,        1,    14523, 0x1d5ed4bd",
    "0,         -1,          4,        1,      477, 0x9a0fd1a1, F=0x0",
    "1,          0,          0,        1,     1000, 0x9a0fd1a1",
    "",
  ])
    packets.add(line);
  expect(packets.result()).toStrictEqual([
    { frames: 2, bytes: 15_000 },
    { frames: 1, bytes: 1000 },
  ]);
});
