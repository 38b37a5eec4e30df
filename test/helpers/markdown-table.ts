/** The cells of every table row of a Markdown text, without the spaces that the formatter puts there. */
export const rowsOf = (document: string): readonly (readonly string[])[] =>
  document
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
