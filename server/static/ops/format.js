/** Numbers as people read them. Pure. */

/** A time span in ms: "0.4 s", "12 s", "3 min", "5 h", "2 d". */
export function span(ms) {
  if (ms < 950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = ms / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 129_600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

/** A number with as many digits as say something: "0", "0.42", "7.3", "120", "4,990". */
export function number(value) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size < 0.995) return value.toFixed(2);
  if (size < 9.95 && !Number.isInteger(value)) return value.toFixed(1);
  return Math.round(value).toLocaleString("en");
}

/** A count of things: "1 session", "2 sessions". */
export function count(value, noun) {
  return `${number(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/** Bytes: "0 B", "812 B", "3.4 KiB", "1.2 MiB". */
export function bytes(value) {
  if (value < 1024) return `${value} B`;
  const [size, unit] = value < 1024 ** 2 ? [value / 1024, "KiB"] : [value / 1024 ** 2, "MiB"];
  return `${size < 10 ? size.toFixed(1) : Math.round(size)} ${unit}`;
}

/** The time of day of a moment in ms since 1970, as this machine has it. */
export function clock(at) {
  return new Date(at).toLocaleTimeString("en-GB");
}

/** The last part of an address: "agent" of "session/u_1/s_1/agent", and "session" of the session itself. */
export function nameOf(address) {
  const parts = address.split("/");
  return parts[0] === "session" && parts.length === 3 ? "session" : parts.at(-1);
}

/** An address as it fits into a line: a session's user left out, its id shortened. */
export function short(address) {
  const [kind, , session, ...rest] = address.split("/");
  if (kind !== "session" || session === undefined) return address;
  return [brief(session), ...rest].join("/");
}

/** An id as it can still be told from others. */
export function brief(id) {
  return id.length > 12 ? `${id.slice(0, 10)}…` : id;
}
