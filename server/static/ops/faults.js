/** The fault plan: what it says, what it did, and another one in its place. */

import { confirmed, tell } from "./confirm.js";
import { button, element, keep, say } from "./dom.js";
import { count, number } from "./format.js";
import { Table } from "./table.js";

const PATH = "/v1/faults";
const SHOWN = 50;
const EXAMPLE = {
  budget: 10,
  seed: 1,
  rules: [{ address: "session/*/agent", message: "StartRun", nth: 2, action: "kill" }],
};
const COLUMNS = [
  { title: "No.", text: (row) => number(row.number), class: "figure" },
  { title: "Actor", text: (row) => row.address, class: "wide code" },
  { title: "Life", text: (row) => number(row.incarnation), class: "figure" },
  { title: "Message", text: (row) => row.message },
  { title: "Rule", text: (row) => number(row.rule), class: "figure" },
  { title: "Action", text: (row) => row.action },
];

export class Faults {
  #call;
  #changed;
  #allowed = element("div", { hidden: true });
  #refused = element("div", { class: "empty", hidden: true });
  #state = element("p", { "data-testid": "fault-state" });
  #clear = button("Clear the plan", () => this.#drop(), { class: "plain" });
  #plan = element("textarea", { id: "plan", rows: "12", spellcheck: "false", autocomplete: "off" });
  #problem = element("p", { class: "problem", role: "alert", hidden: true });
  #rules = element("ul", { class: "steps" });
  #nothing = element("p", { class: "quiet" }, "Nothing, so far.");
  #ledger = new Table("What was injected, the newest first", COLUMNS, (row) => row.number);

  constructor(call, changed) {
    this.#call = call;
    this.#changed = changed;
    this.#plan.value = JSON.stringify(EXAMPLE, null, 2);
    this.#refused.append(
      element("p", {}, "This server takes no fault plans, as is right where people rely on it."),
      element("p", {}, "For a drill, start one with ", element("code", {}, "GREENROOM_FAULTS__ENABLED=true"), "."),
    );
    const load = button("Load this plan…", () => this.#load(), { class: "grave" });
    this.#allowed.append(
      element("p", { class: "choices" }, this.#state, this.#clear),
      this.#rules,
      element("label", { for: "plan" }, "A plan, as JSON"),
      this.#plan,
      this.#problem,
      element("p", { class: "choices" }, load),
      element("h3", {}, "What was injected"),
      this.#nothing,
      this.#ledger.node,
    );
    this.nodes = [element("h2", { class: "unseen" }, "Faults by plan"), this.#refused, this.#allowed];
  }

  /** Ask for it only where it is allowed: elsewhere there is no such call. */
  path({ faults }) {
    return faults.allowed ? PATH : null;
  }

  show(answer, overview) {
    this.#refused.hidden = overview.faults.allowed;
    this.#allowed.hidden = !overview.faults.allowed;
    if (answer === null) return;
    const { plan, left, ledger } = answer;
    const words = plan && `Loaded: ${count(plan.rules.length, "rule")}, with ${left} of ${plan.budget} injections left.`;
    say(this.#state, words ?? "No plan is loaded.");
    this.#clear.hidden = plan === null;
    const rules = (plan?.rules ?? []).map((rule, index) => ({ number: index + 1, rule }));
    keep(this.#rules, rules, ({ number: at, rule }) => `${at} ${JSON.stringify(rule)}`, makeRule);
    this.#nothing.hidden = ledger.length > 0;
    this.#ledger.show(ledger.slice(-SHOWN).reverse());
  }

  async #load() {
    this.#say("");
    let plan;
    try {
      plan = JSON.parse(this.#plan.value);
    } catch (error) {
      this.#say(`This isn't JSON: ${error.message}`);
      return;
    }
    const words = "What it says happens to people who work on this server now.";
    if (!(await confirmed({ title: "Inject faults by this plan?", words, yes: "Load it" }))) return;
    await this.#tried(() => this.#call("PUT", PATH, plan), "The plan is loaded.");
  }

  async #drop() {
    await this.#tried(() => this.#call("DELETE", PATH), "No plan is loaded any more.");
  }

  async #tried(order, done) {
    try {
      await order();
      tell(done);
    } catch (error) {
      this.#say(error.message);
    }
    this.#changed();
  }

  #say(words) {
    this.#problem.textContent = words;
    this.#problem.hidden = words === "";
  }
}

/** A rule in a line: whom it strikes, when, and what it does. */
function makeRule({ number: at, rule }) {
  const { address, action, ...more } = rule;
  const when = Object.entries(more).map(([name, value]) => `${name} ${value}`);
  return { node: element("li", {}, `${at}. `, element("code", {}, [address, ...when, `→ ${action}`].join("  "))) };
}
