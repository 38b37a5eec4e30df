/** Writes a line to stdout: what the command was asked for. */
export const printLine = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** Writes a line to stderr: everything else. */
export const printError = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

/** Writes a value to stdout as JSON, indented for people. */
export const printJson = (value: unknown): void => printLine(JSON.stringify(value, null, 2));

/** Rows as left-aligned columns. */
export function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = rows.reduce<readonly number[]>((found, row) => row.map((cell, index) => Math.max(found[index] ?? 0, cell.length)), []);
  return rows.map((row) =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

/** "1.4 Mb/s", "128 kb/s". */
export const formatBitrate = (bps: number): string => (bps >= 1e6 ? `${(bps / 1e6).toFixed(1)} Mb/s` : `${Math.round(bps / 1000)} kb/s`);

/** "1.5 GB", "12.0 MB", "3.4 kB": decimal units. */
export function formatBytes(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(1)} GB`;
  return bytes >= 1e6 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e3).toFixed(1)} kB`;
}

/** "1:02:03.4", "2:03.4". */
export function formatDuration(seconds: number): string {
  const tenths = Math.round(seconds * 10);
  const [hours, minutes, rest] = [Math.floor(tenths / 36_000), Math.floor(tenths / 600) % 60, ((tenths % 600) / 10).toFixed(1)];
  const tail = rest.padStart(4, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
}
