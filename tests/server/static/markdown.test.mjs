import assert from "node:assert/strict";
import { test } from "node:test";

import { inline, parse } from "../../../server/static/markdown.js";

const types = (text) => parse(text).map(({ type }) => type);

test("a text is cut into its blocks, and nothing of it is lost", () => {
  const text = "# One\ntwo\nthree\n\n- a\n- b\n\n1. c\n\n> d\n\n---\n\n```js\ne\n```\n\n| f | g |\n| - | -: |\n| 1 | 2 |";
  assert.deepEqual(types(text), ["heading", "paragraph", "list", "list", "quote", "rule", "code", "table"]);
  assert.equal(parse(text).map(({ source }) => source).join("\n").replace(/\s/g, ""), text.replace(/\s/g, ""));
});

test("code keeps every character, and an open fence runs to the end", () => {
  const [code] = parse("```python\n  a = 1\n\n# no heading\n```\n");
  assert.deepEqual([code.language, code.text], ["python", "  a = 1\n\n# no heading"]);
  assert.equal(parse("~~~\nstill being writ")[0].text, "still being writ");
});

test("lists nest, and number on from where they begin", () => {
  const [list] = parse("3. one\n   - inner\n4. two\n   more of two");
  assert.deepEqual([list.ordered, list.start, list.items.length], [true, 3, 2]);
  assert.equal(list.items[0][1].type, "list");
});

test("a table has as many cells in each row as its head", () => {
  const [table] = parse("| a | b |\n|:-:|---|\n| 1 |\n| 2 | 3 | 4 |");
  assert.deepEqual(table.aligned, ["center", "start"]);
  assert.deepEqual(table.rows.map((row) => row.length), [2, 2]);
});

test("inline marks are read, and those that mean nothing are left alone", () => {
  assert.deepEqual(inline("**b** *i* ~~s~~ `c`").filter((part) => part.type).map(({ type }) => type), ["strong", "em", "strike", "code"]);
  for (const text of ["2 * 3 * 4", "snake_case_name", "a ** b", "3*4*5", "\\", "[not a link]"]) assert.deepEqual(inline(text), [text]);
  assert.deepEqual(inline("\\*no\\*").join(""), "*no*");
});

test("links lead to the web or to a letter, and nowhere else", () => {
  for (const href of ["https://example.org/a_b", "http://example.org", "mailto:a@example.org"]) {
    assert.equal(inline(`[x](${href})`)[0].href, href);
  }
  for (const text of ["[x](javascript:alert(1))", "[x](data:text/html,hi)", "[x](//evil)", "[x](/path)"]) {
    assert.equal(inline(text).every((part) => typeof part === "string"), true, text);
  }
  assert.deepEqual(inline("see https://example.org/x.")[1].href, "https://example.org/x");
});

test("markup is text", () => {
  assert.deepEqual(inline("<b onclick=x>hi</b>"), ["<b onclick=x>hi</b>"]);
});

test("nothing takes long to read, however it was made", () => {
  const texts = ["*".repeat(20_000), "[".repeat(20_000), "`".repeat(20_000), "> ".repeat(10_000), "**a ".repeat(5_000), "_a ".repeat(6_000), "| a ".repeat(5_000) + "\n|-"];
  const began = performance.now();
  for (const text of texts) parse(text);
  const base = performance.now() - began;
  assert.ok(base < 20_000, `${base} ms`);
});
