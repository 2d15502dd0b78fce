/** Read the Markdown that models write; pure: text in, blocks out. What it doesn't know stays as it was written.
 *
 * A block is `{type, source, …}`: paragraph, heading, quote, list, code, table or rule. Inline content is a list of
 * texts and `{type, …}`: strong, em, strike, code, link or break.
 */

const FENCE = /^ {0,3}(`{3,}|~{3,})\s*([\w+#.-]*)[^`]*$/;
const HEADING = /^ {0,3}(#{1,6})\s+(.*?)\s*#*$/;
const RULE = /^ {0,3}([-*_])(?:\s*\1){2,}\s*$/;
const QUOTE = /^ {0,3}> ?/;
const ITEM = /^( {0,3})([-*+]|\d{1,9}[.)])(\s+|$)/;
const DELIMITERS = /^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/;
/** Nothing that people write goes deeper; what is made to do so is text from there on. */
const DEEPEST = 12;

/** Return the blocks of a text. */
export function parse(text, depth = 0) {
  const lines = text.replaceAll("\r\n", "\n").split("\n");
  const blocks = [];
  for (let at = 0; at < lines.length; ) {
    if (lines[at].trim() === "") {
      at += 1;
      continue;
    }
    const { block, end } = readBlock(lines, at, depth);
    blocks.push({ ...block, source: lines.slice(at, end).join("\n") });
    at = end;
  }
  return blocks;
}

function readBlock(lines, at, depth) {
  const line = lines[at];
  if (FENCE.test(line)) return readCode(lines, at);
  if (HEADING.test(line)) return readHeading(line, at);
  if (RULE.test(line)) return { block: { type: "rule" }, end: at + 1 };
  if (depth < DEEPEST && QUOTE.test(line)) return readQuote(lines, at, depth);
  if (depth < DEEPEST && ITEM.test(line)) return readList(lines, at, depth);
  if (isTable(lines, at)) return readTable(lines, at);
  return readParagraph(lines, at);
}

function readCode(lines, at) {
  const [, fence, language] = FENCE.exec(lines[at]);
  const closing = new RegExp(`^ {0,3}${fence[0]}{${fence.length},}\\s*$`);
  const found = lines.slice(at + 1).findIndex((line) => closing.test(line));
  const last = found < 0 ? lines.length : at + 1 + found;
  return { block: { type: "code", language, text: lines.slice(at + 1, last).join("\n") }, end: Math.min(last + 1, lines.length) };
}

function readHeading(line, at) {
  const [, marks, words] = HEADING.exec(line);
  return { block: { type: "heading", level: marks.length, content: inline(words) }, end: at + 1 };
}

function readQuote(lines, at, depth) {
  const end = endOf(lines, at, (line) => QUOTE.test(line));
  const inner = lines.slice(at, end).map((line) => line.replace(QUOTE, ""));
  return { block: { type: "quote", blocks: parse(inner.join("\n"), depth + 1) }, end };
}

function readList(lines, at, depth) {
  const [, , mark] = ITEM.exec(lines[at]);
  const ordered = /\d/.test(mark);
  const items = [];
  let end = at;
  while (end < lines.length && startsItem(lines[end], ordered)) {
    const { item, next } = readItem(lines, end);
    items.push(parse(item, depth + 1));
    end = next;
  }
  return { block: { type: "list", ordered, start: ordered ? parseInt(mark, 10) : null, items }, end };
}

function startsItem(line, ordered) {
  const found = ITEM.exec(line);
  return found !== null && /\d/.test(found[2]) === ordered && !RULE.test(line);
}

/** An item goes on over lines that are indented as far as its text, and over blank ones between those. */
function readItem(lines, at) {
  const width = ITEM.exec(lines[at])[0].length;
  const indent = Math.min(width, 4);
  const taken = [lines[at].slice(width)];
  let next = at + 1;
  while (next < lines.length && (isIndented(lines[next], indent) || goesOn(lines, next, indent))) {
    taken.push(lines[next].slice(Math.min(indent, lines[next].search(/\S|$/))));
    next += 1;
  }
  while (next < lines.length && lines[next].trim() === "" && ITEM.test(lines[next + 1] ?? "")) next += 1;
  return { item: taken.join("\n"), next };
}

function isIndented(line, indent) {
  return line.trim() !== "" && line.search(/\S/) >= Math.min(indent, 2);
}

function goesOn(lines, at, indent) {
  if (lines[at].trim() === "") return isIndented(lines[at + 1] ?? "", indent);
  return !beginsBlock(lines, at); // The rest of a paragraph that isn't indented.
}

function isTable(lines, at) {
  return lines[at].includes("|") && DELIMITERS.test(lines[at + 1] ?? "") && (lines[at + 1] ?? "").includes("-");
}

function readTable(lines, at) {
  const end = endOf(lines, at + 2, (line) => line.includes("|"));
  const [head, , ...rows] = lines.slice(at, end).map(cells);
  const aligned = cells(lines[at + 1]).map((mark) => (mark.endsWith(":") ? (mark.startsWith(":") ? "center" : "end") : "start"));
  const width = head.length;
  const padded = rows.map((row) => Array.from({ length: width }, (_, index) => inline(row[index] ?? "")));
  return { block: { type: "table", aligned, head: head.map((cell) => inline(cell)), rows: padded }, end };
}

function cells(line) {
  const inner = line.trim().replace(/^\|/, "").replace(/(?<!\\)\|$/, "");
  return inner.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));
}

function readParagraph(lines, at) {
  const end = endOf(lines, at + 1, (line, index) => line.trim() !== "" && !beginsBlock(lines, index));
  return { block: { type: "paragraph", content: inline(lines.slice(at, end).join("\n").trim()) }, end };
}

function beginsBlock(lines, at) {
  const line = lines[at];
  return [FENCE, HEADING, RULE, QUOTE, ITEM].some((mark) => mark.test(line)) || isTable(lines, at);
}

function endOf(lines, at, belongs) {
  let end = at;
  while (end < lines.length && belongs(lines[end], end)) end += 1;
  return end;
}

// Inline content: the alternatives in order of precedence. Each span is bounded, so that no text takes long to read.
const INLINE = new RegExp(
  [
    /\\(?<escaped>[\\`*_{}[\]()#+.!|~>-])/,
    /(?<tick>`+)(?<code>[^`](?:.{0,4000}?[^`])?)\k<tick>(?!`)/,
    /!?\[(?<label>[^\][]{0,500})\]\((?<href>[^\s()<>]{1,2000})(?:\s+"[^"]{0,300}")?\)/,
    /<(?<auto>(?:https?:\/\/|mailto:)[^\s<>]{1,2000})>/,
    /(?<bare>https?:\/\/[^\s<>()"'`*]{1,2000}[^\s<>()"'`*.,;:!?])/,
    /\*\*(?<strong>\S(?:.{0,2000}?\S)?)\*\*/,
    /(?<![\w_])__(?<strong2>\S(?:.{0,2000}?\S)?)__(?![\w_])/,
    /~~(?<strike>\S(?:.{0,2000}?\S)?)~~/,
    /(?<![\w*])\*(?<em>[^\s*](?:[^*\n]{0,1000}?[^\s*])?)\*(?![\w*])/,
    /(?<![\w_])_(?<em2>[^\s_](?:[^_\n]{0,1000}?[^\s_])?)_(?![\w_])/,
    /(?<end>\\?\n)/,
  ]
    .map(({ source }) => source)
    .join("|"),
  "gs",
);

/** Return the inline content of a text. */
export function inline(text, depth = 0) {
  if (depth > DEEPEST) return [text];
  const content = [];
  let at = 0;
  for (const match of text.matchAll(INLINE)) {
    if (match.index > at) content.push(text.slice(at, match.index));
    content.push(span(match.groups, match[0], depth));
    at = match.index + match[0].length;
  }
  if (at < text.length) content.push(text.slice(at));
  return content;
}

function span(found, source, depth) {
  const inner = (words) => inline(words, depth + 1);
  if (found.escaped !== undefined) return found.escaped;
  if (found.code !== undefined) return { type: "code", text: found.code.replace(/^ (.*\S.*) $/s, "$1") };
  if (found.label !== undefined) return link(found.href, inner(found.label || found.href), source);
  if (found.auto ?? found.bare) return link(found.auto ?? found.bare, [found.auto ?? found.bare], source);
  if (found.strong ?? found.strong2) return { type: "strong", content: inner(found.strong ?? found.strong2) };
  if (found.strike) return { type: "strike", content: inner(found.strike) };
  if (found.em ?? found.em2) return { type: "em", content: inner(found.em ?? found.em2) };
  return { type: "break" };
}

/** A link that leads anywhere but to the web or to a letter is shown as it was written. */
function link(href, content, source) {
  return /^(https?:\/\/|mailto:)/i.test(href) ? { type: "link", href, content } : source;
}
