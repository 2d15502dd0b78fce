/** One session as this page has seen it: a stretch of its log up to now, and the runs in it; pure state, no I/O. */

import { fold, isOver, newRun, restore, startedAt, stillAlive, write } from "./run.js";

export class Timeline {
  #runs = new Map();
  #events = new Map();
  #epoch = null;
  #oldest = null;
  #newest = 0;
  #head = 0;
  #underWay = null;
  #active = null;
  /** Whether the stretch reaches back to the beginning of the log, or of what is kept of it. */
  complete = false;
  /** Whether the log is no longer kept from its beginning. */
  truncated = false;

  /** Where a subscription should go on. */
  get cursor() {
    return this.#epoch === null ? { seq: 0 } : { epoch: this.#epoch, seq: this.#newest };
  }

  /** The number of the oldest event of the stretch; null where there is none. */
  get oldest() {
    return this.#oldest;
  }

  get newest() {
    return this.#newest;
  }

  /** Whether what comes now is happening now, and not being replayed. */
  get isLive() {
    return this.#newest >= this.#head;
  }

  /** The run under way, or null. */
  get active() {
    const run = this.#runs.get(this.#active);
    return run?.state === "running" ? run : null;
  }

  /** The runs to show, in the order of their messages: one whose beginning isn't here yet is no use to anybody. */
  get runs() {
    return [...this.#runs.values()].filter((run) => this.isShown(run));
  }

  isShown(run) {
    return run.text !== null || this.complete;
  }

  eventsOf(runId) {
    return this.#events.get(runId) ?? [];
  }

  /** Whether a message of that id is on record. */
  has(clientMsgId) {
    return [...this.#runs.values()].some((run) => run.clientMsgId === clientMsgId);
  }

  /** Put an older stretch of the log, as it was asked for after the event `after`, before what is here. */
  prepend({ epoch = null, events }, after) {
    this.#epoch ??= epoch;
    const first = events[0]?.seq ?? this.#oldest ?? 1;
    this.truncated ||= first > after + 1;
    this.complete = after === 0 || first > after + 1;
    this.#oldest = events[0]?.seq ?? this.#oldest;
    this.#newest = Math.max(this.#newest, events.at(-1)?.seq ?? 0);
    this.#head = Math.max(this.#head, this.#newest);
    this.#regroup(events);
  }

  #regroup(older) {
    const later = this.#runs;
    this.#runs = new Map();
    for (const [runId, events] of byRun(older)) {
      const all = [...events, ...this.eventsOf(runId)];
      this.#events.set(runId, all);
      // What isn't on record of a run under way, its answer so far above all, is only in what was made of it.
      const known = later.get(runId);
      const folded = all.reduce(fold, newRun(runId));
      const kept = known && !isOver(folded) ? { answer: known.answer, since: known.since, doing: known.doing } : {};
      this.#runs.set(runId, { ...folded, ...kept });
      if (folded.state === "running") this.#active = runId;
    }
    for (const [runId, run] of later) if (!this.#runs.has(runId)) this.#runs.set(runId, run);
  }

  /** Take the ack of a subscription; the events it owes come next.
   *
   * Where it recovered nothing, what was seen is no part of what comes, and everything begins again.
   */
  resumed({ epoch, head_seq, recovered, partial, active_run }, now) {
    if (!recovered) this.#reset();
    this.#epoch = epoch;
    this.#head = head_seq;
    this.#underWay = active_run && {
      runId: active_run.run_id,
      since: now - active_run.elapsed_ms,
      text: partial?.run_id === active_run.run_id ? partial.text : null,
    };
    if (this.isLive) this.#takeUp();
  }

  /** Take an event, at the time `now`; returns its run. */
  apply(event, now) {
    this.#oldest ??= event.seq;
    this.#newest = event.seq;
    this.#events.set(event.run_id, this.#events.get(event.run_id) ?? []);
    this.#events.get(event.run_id).push(event);
    const run = this.#keep(fold(this.#run(event.run_id), event));
    if (event.type === "agent_started") {
      this.#active = event.run_id;
      if (run.since === null) this.#keep(startedAt(run, now));
    }
    if (event.seq === this.#head) this.#takeUp();
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

  /** What a subscription told of the run under way belongs after all that was recorded before it. */
  #takeUp() {
    if (this.#underWay === null) return;
    const { runId, since, text } = this.#underWay;
    this.#underWay = null;
    this.#active = runId;
    const run = startedAt(this.#run(runId), since);
    this.#keep(text === null ? run : restore(run, text));
  }

  #reset() {
    this.#runs.clear();
    this.#events.clear();
    this.complete = true;
    this.truncated = true;
    this.#oldest = null;
    this.#newest = 0;
  }

  #run(runId) {
    return this.#runs.get(runId) ?? newRun(runId);
  }

  #keep(run) {
    this.#runs.set(run.runId, run);
    return run;
  }
}

function byRun(events) {
  const groups = new Map();
  for (const event of events) {
    if (!groups.has(event.run_id)) groups.set(event.run_id, []);
    groups.get(event.run_id).push(event);
  }
  return groups;
}
