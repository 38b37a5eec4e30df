/** The start of frame of ITU-T T.81 B.2.2: marker, length, precision, height, width. */
function everyJpeg(bytes: Buffer, side: number): void {
  for (let at = bytes.indexOf("ffc0", 0, "hex"); at >= 0; at = bytes.indexOf("ffc0", at + 2, "hex")) {
    bytes.writeUInt16BE(side, at + 5);
    bytes.writeUInt16BE(side, at + 7);
  }
}

/** What an AVI says of its picture: in its main header and in the format of the stream. */
function aviSize(bytes: Buffer, side: number): void {
  for (const at of [bytes.indexOf("avih") + 8 + 32, bytes.indexOf("strf") + 8 + 4]) {
    bytes.writeInt32LE(side, at);
    bytes.writeInt32LE(side, at + 4);
  }
}

/** Has an AVI of motion JPEG say that its picture has another size. */
export function sayAviIsSquareOf(bytes: Buffer, side: number): void {
  everyJpeg(bytes, side);
  aviSize(bytes, side);
}
