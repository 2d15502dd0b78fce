/** An answer as it is written: the text so far, and how much of the whole it covers, in code points; pure. */

export const NOTHING = Object.freeze({ text: "", end: 0 });

/** Return the answer with a delta put in its place.
 *
 * What is there already is not added twice. Deltas may be dropped on the way: the hole is shown as an ellipsis, and the
 * run's end brings the whole text.
 */
export function extend(answer, offset, chunk) {
  const points = Array.from(chunk);
  const end = offset + points.length;
  if (end <= answer.end) return answer;
  const hole = offset > answer.end ? " … " : "";
  const fresh = points.slice(Math.max(0, answer.end - offset)).join("");
  return { text: answer.text + hole + fresh, end };
}

/** Return a text that is known from its beginning. */
export function whole(text) {
  return { text, end: Array.from(text).length };
}
