/** A row of numbers as a line. Pure, but for `draw`, which puts it into an SVG element. */

const SVG = "http://www.w3.org/2000/svg";
/** Room above and below, so that the line isn't cut in half at its bounds. */
const MARGIN = 2;

/** Return the path of the line and of the area under it, in a box of that size, with the bounds and the newest value.
 *
 * It ends at the right; where there are fewer than `length` values, there is nothing yet at the left. The lower bound
 * is 0 unless values are below it: a line that isn't drawn from 0 makes little look like much.
 *
 * @param {number[]} values oldest first
 * @param {{width: number, height: number, length: number}} box
 */
export function sparkline(values, { width, height, length }) {
  if (values.length === 0) return { line: "", area: "", min: 0, max: 0, now: 0 };
  const min = Math.min(...values);
  const max = Math.max(...values);
  const floor = Math.min(0, min);
  const step = width / Math.max(1, length - 1);
  const scale = max === floor ? 0 : (height - 2 * MARGIN) / (max - floor);
  const left = width - (values.length - 1) * step;
  const points = values.map((value, index) => {
    return `${round(left + index * step)} ${round(height - MARGIN - (value - floor) * scale)}`;
  });
  const line = `M${points.join("L")}`;
  return { line, area: `${line}L${width} ${height}L${round(left)} ${height}Z`, min, max, now: values.at(-1) };
}

function round(value) {
  return Math.round(value * 10) / 10;
}

/** Make an SVG element that `draw` fills. It says nothing to a screen reader: the numbers stand beside it as text. */
export function canvas({ width, height }) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  for (const name of ["area", "line"]) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("class", name);
    svg.append(path);
  }
  return svg;
}

export function draw(svg, { line, area }) {
  svg.querySelector(".line").setAttribute("d", line);
  svg.querySelector(".area").setAttribute("d", area);
}
