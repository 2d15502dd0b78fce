/** One session as this page has seen it: its runs, and the place in its log to go on from; pure state, no I/O. */

import { fold, newRun, restore, stillAlive, write } from "./run.js";

export class Timeline {
  /** Runs by id, in the order of their first event. */
  runs = new Map();
  /** Whether the log began before the oldest event that is kept. */
  truncated = false;
  #epoch = null;
  #seq = 0;
  #head = 0;
  #partial = null;

  /** Where a subscription should begin: after the last event seen, or at the beginning. */
  get cursor() {
    return this.#epoch === null ? { seq: 0 } : { epoch: this.#epoch, seq: this.#seq };
  }

  /** Whether what comes now is happening now, and not being replayed. */
  get isLive() {
    return this.#seq >= this.#head;
  }

  /** The run under way, or null. */
  get active() {
    return [...this.runs.values()].find((run) => run.state === "running") ?? null;
  }

  /** Take the ack of a subscription; the events it owes come next.
   *
   * Returns the run that changed by it, or null. Where it recovered nothing, what was seen is no part of what comes,
   * and everything begins again.
   */
  resumed({ epoch, head_seq, recovered, partial }) {
    if (!recovered) this.#reset();
    this.#epoch = epoch;
    this.#head = head_seq;
    this.#partial = partial;
    return this.isLive ? this.#restorePartial() : null;
  }

  /** Take an event; returns its run, or null for one seen before. */
  apply(event) {
    if (event.seq <= this.#seq) return null;
    this.#seq = event.seq;
    this.#keep(fold(this.#run(event.run_id), event));
    // The answer so far belongs after all that was recorded before it.
    if (event.seq === this.#head) this.#restorePartial();
    return this.#run(event.run_id);
  }

  /** Take a `message_delta`; returns its run. */
  write(delta) {
    return this.#keep(write(this.#run(delta.run_id), delta));
  }

  /** Take a `progress`; returns its run. */
  stillAlive(progress) {
    return this.#keep(stillAlive(this.#run(progress.run_id), progress));
  }

  #restorePartial() {
    if (this.#partial === null) return null;
    const { run_id, text } = this.#partial;
    this.#partial = null;
    return this.#keep(restore(this.#run(run_id), text));
  }

  #reset() {
    this.runs.clear();
    this.truncated = true;
    this.#seq = 0;
    this.#partial = null;
  }

  #run(runId) {
    return this.runs.get(runId) ?? newRun(runId);
  }

  #keep(run) {
    this.runs.set(run.runId, run);
    return run;
  }
}
