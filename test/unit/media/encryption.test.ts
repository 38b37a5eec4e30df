import { describe, expect, test } from "vitest";
import { isEncryptedHead } from "../../../src/media/encryption.ts";

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");
const MATROSKA = hex("1a45dfa3");
const ASF = hex("3026b2758e66cf11a6d900aa0062ce6c");

/** Packets of a transport stream with these scrambling bits. */
const transport = (scrambling: readonly number[]): Buffer =>
  Buffer.concat(
    scrambling.map((bits) => {
      const packet = Buffer.alloc(188, 0xff);
      hex("47010010").copy(packet);
      packet[3] = 0x10 | (bits << 6);
      return packet;
    }),
  );
const sixteen = (bits: number): number[] => Array.from({ length: 16 }, () => bits);

describe("the first bytes say that a file is encrypted", () => {
  test.each<readonly [what: string, head: Buffer]>([
    ["Matroska, with an algorithm", Buffer.concat([MATROSKA, Buffer.alloc(200), hex("5035 8d 47e1 81 05 47e2 84 00112233")])],
    ["ASF under DRM", Buffer.concat([ASF, Buffer.alloc(100), hex("fbb3112223bdd211b4b700a0c955fc6e")])],
    ["ASF under a newer DRM", Buffer.concat([ASF, Buffer.alloc(100), hex("14e68a292226174cb935dae07ee9289c")])],
    ["a transport stream but for its tables", transport([0, 0, ...sixteen(2)])],
  ])("bad input 62: %s", (_what, head) => {
    expect(isEncryptedHead(head)).toBe(true);
  });

  test.each<readonly [what: string, head: Buffer]>([
    ["nothing", Buffer.alloc(0)],
    ["Matroska in clear", Buffer.concat([MATROSKA, Buffer.alloc(4000)])],
    ["Matroska with one of the names alone", Buffer.concat([MATROSKA, hex("5035"), Buffer.alloc(4000), hex("47e181")])],
    ["ASF in clear", Buffer.concat([ASF, Buffer.alloc(4000)])],
    ["a transport stream with a damaged packet", transport([...sixteen(0), 3, 3])],
    ["a few packets", transport([2, 2])],
    ["what only looks like packets", Buffer.alloc(4096, 0xc7)],
  ])("not %s", (_what, head) => {
    expect(isEncryptedHead(head)).toBe(false);
  });
});
