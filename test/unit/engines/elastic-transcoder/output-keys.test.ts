import { expect, test } from "vitest";
import { outputKeys } from "../../../../src/engines/elastic-transcoder/output-keys.ts";

const id = (number: string): string => `1351620000001-${number}`;
const V224 = { id: "v224", width: 400, height: 224 };
const V360 = { id: "v360", width: 640, height: 360 };
const V576 = { id: "v576", width: 1024, height: 576 };
const STREAMS = [V224, V360, V576];

test("a stream whose job says no key is known by its own id", () => {
  expect(outputKeys({}, STREAMS, [])).toEqual({ v224: "v224", v360: "v360", v576: "v576" });
});

test("a key leads to the stream that is nearest to what its preset makes", () => {
  const named = [
    { preset: id("200015"), key: "2m" },
    { preset: id("200055"), key: "400k" },
    { preset: id("500040"), key: "dash-1m" },
  ];
  expect(outputKeys({ outputKeys: named }, STREAMS, [])).toEqual({ "2m": "v576", "400k": "v224", "dash-1m": "v360" });
});

test("a key of a preset that is larger than the source leads to the largest stream, as the service enlarged nothing", () => {
  const custom = { id: "1234567890123-abc123", name: "ours", video: { codec: "H.264", maxWidth: 1920, maxHeight: 1080 } };
  const named = [
    { preset: custom.id, key: "1080p" },
    { preset: id("200015"), key: "2m" },
  ];
  expect(outputKeys({ outputKeys: named }, [V224, V360], [custom])).toEqual({ "1080p": "v360", "2m": "v360" });
});

test("a key of sound alone leads nowhere: the sound is in every stream", () => {
  expect(outputKeys({ outputKeys: [{ preset: id("200060"), key: "sound" }] }, [V224], [])).toEqual({ v224: "v224" });
});

test("upright pictures are fitted into the box by their height", () => {
  const upright = [
    { id: "v162", width: 162, height: 288 },
    { id: "v432", width: 432, height: 768 },
  ];
  const named = [
    { preset: id("200015"), key: "2m" },
    { preset: id("200055"), key: "400k" },
  ];
  expect(outputKeys({ outputKeys: named }, upright, [])).toEqual({ "2m": "v432", "400k": "v162" });
});
