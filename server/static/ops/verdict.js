/** What to think of the server, in a line. Pure. */

import { count } from "./format.js";

/** Return how the server is and what stands against it, the worst first.
 *
 * @param {object} overview as `/v1/ops/overview` has it
 * @returns {{level: "good"|"warning"|"bad", words: string, notes: {level: "warning"|"bad", words: string}[]}}
 */
export function verdict(overview) {
  const notes = [...troubles(overview)].sort((a, b) => (a.level === "bad" ? 0 : 1) - (b.level === "bad" ? 0 : 1));
  const { failing, strained } = overview.sessions;
  if (failing > 0) return { level: "bad", words: `${count(failing, "session")} failing`, notes };
  if (notes.length > 0) return { level: notes[0].level, words: notes[0].title, notes };
  if (strained > 0) return { level: "warning", words: `${count(strained, "session")} strained`, notes };
  return { level: "good", words: "All is well", notes };
}

function* troubles({ recording, overloaded, draining, faults }) {
  if (!recording) {
    yield {
      level: "bad",
      title: "The log can't be written",
      words: "The log can't be written: new messages are refused until it can be again. The server's own log says why.",
    };
  }
  if (overloaded) {
    yield {
      level: "bad",
      title: "Overloaded",
      words: "Sessions crash by the dozen: no new ones begin until that is over. Those that run go on.",
    };
  }
  if (draining) {
    yield { level: "warning", title: "Draining", words: "The server is going away: it takes no new work." };
  }
  if (faults.rules !== null) {
    const words = `A fault plan is loaded: ${count(faults.rules, "rule")}, ${count(faults.left, "injection")} left.`;
    yield { level: "warning", title: "Faults by plan", words };
  }
}
