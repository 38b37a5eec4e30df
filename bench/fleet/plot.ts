/** A curve over the hours of a run. */
export interface Curve {
  readonly label: string;
  readonly colour: string;
  readonly values: readonly number[];
}

/** Curves with one scale of their own. */
export interface Panel {
  readonly title: string;
  readonly unit: string;
  readonly curves: readonly Curve[];
}

export interface Plot {
  readonly title: string;
  /** Of the first and the last value of every curve. */
  readonly hours: readonly [number, number];
  readonly panels: readonly Panel[];
}

const WIDTH = 820;
const PANEL_HEIGHT = 150;
const [LEFT, RIGHT, TOP, GAP, BOTTOM] = [64, 24, 54, 44, 34];
const PLOT_WIDTH = WIDTH - LEFT - RIGHT;
/** Points of a curve: about one for three pixels, which keeps a file small. */
const MOST_POINTS = 288;
const [INK, GRID, PAPER] = ["#24292f", "#d0d7de", "#ffffff"];
const FONT = `font-family="ui-sans-serif, system-ui, sans-serif" fill="${INK}"`;

/** The plot as SVG, the same bytes for the same values: readable on light and dark pages, without scripts or styles. */
export function renderPlot({ title, hours, panels }: Plot): string {
  const height = TOP + panels.length * (PANEL_HEIGHT + GAP) - GAP + BOTTOM;
  const drawn = panels.map((panel, index) => renderPanel(panel, TOP + index * (PANEL_HEIGHT + GAP)));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="${PAPER}"/>`,
    text({ x: LEFT, y: 18, size: 14, weight: "600" }, title),
    ...drawn,
    ...hourMarks(hours, height),
    "</svg>",
    "",
  ].join("\n");
}

function renderPanel({ title, unit, curves }: Panel, top: number): string {
  const highest = niceCeiling(Math.max(1, ...curves.flatMap(({ values }) => values)));
  const bottom = top + PANEL_HEIGHT;
  const yOf = (value: number): number => bottom - (value / highest) * PANEL_HEIGHT;
  const marks = [0, 0.5, 1].map((share) => share * highest);
  return [
    text({ x: LEFT, y: top - 8, size: 12, weight: "600" }, `${title} (${unit})`),
    ...legend(curves, top - 8),
    ...marks.map((mark) => `<path d="M${LEFT} ${short(yOf(mark))}H${WIDTH - RIGHT}" stroke="${GRID}"/>`),
    ...marks.map((mark) => text({ x: LEFT - 8, y: yOf(mark) + 4, size: 11, anchor: "end" }, mark.toLocaleString("en-US"))),
    ...curves.map((curve) => `<path d="${pathOf(curve.values, yOf)}" fill="none" stroke="${curve.colour}" stroke-width="1.5"/>`),
  ].join("\n");
}

function legend(curves: readonly Curve[], y: number): readonly string[] {
  const space = 130;
  return curves.flatMap(({ label, colour }, index) => {
    const x = WIDTH - RIGHT - space * (curves.length - index);
    return [`<path d="M${x} ${y - 4}h18" stroke="${colour}" stroke-width="3"/>`, text({ x: x + 24, y, size: 11 }, label)];
  });
}

/** The highest of each group of values, so that a short peak is not lost. */
function pathOf(values: readonly number[], yOf: (value: number) => number): string {
  const size = Math.max(1, Math.ceil(values.length / MOST_POINTS));
  const groups = Array.from({ length: Math.ceil(values.length / size) }, (_, at) => Math.max(...values.slice(at * size, (at + 1) * size)));
  const xOf = (at: number): number => LEFT + (at / Math.max(1, groups.length - 1)) * PLOT_WIDTH;
  return groups.map((value, at) => `${at === 0 ? "M" : "L"}${short(xOf(at))} ${short(yOf(value))}`).join("");
}

function hourMarks([from, to]: Plot["hours"], height: number): readonly string[] {
  const every = to - from > 12 ? 4 : 1;
  return Array.from({ length: Math.floor((to - from) / every) + 1 }, (_, index) => index * every).map((hour) =>
    text({ x: LEFT + (hour / (to - from)) * PLOT_WIDTH, y: height - 12, size: 11, anchor: "middle" }, `${from + hour} h`),
  );
}

interface Lettering {
  readonly x: number;
  readonly y: number;
  readonly size: number;
  readonly weight?: string;
  readonly anchor?: string;
}

function text({ x, y, size, weight = "400", anchor = "start" }: Lettering, content: string): string {
  const place = `x="${short(x)}" y="${short(y)}" font-size="${size}" font-weight="${weight}" text-anchor="${anchor}"`;
  return `<text ${place} ${FONT}>${escaped(content)}</text>`;
}

const escaped = (content: string): string => content.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
const short = (value: number): string => String(Math.round(value * 10) / 10);

/** 1, 2 or 5 with zeros: the first of them that is not below. */
function niceCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5].find((factor) => factor * power >= value) ?? 10) * power || 1;
}
