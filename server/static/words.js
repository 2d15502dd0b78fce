/** What the page says to people; pure. */

const PROBLEMS = {
  busy: "The agent is working on another message.",
  queue_full: "Too many messages are waiting already. Remove one, or wait for an answer.",
  rate_limited: "That was too fast.",
  too_large: "The message is too long.",
  draining: "The server is going away for a moment.",
  not_found: "The server doesn't know that.",
  unauthorized: "Your login is no longer valid.",
  token_expired: "Your login has expired.",
  internal: "Something went wrong on the server.",
  stale: "It was written more than a day ago, and never sent.",
};

/** Say in words a person can use what an error of the client means, or a message's problem. */
export function problem(error) {
  if (error.code === undefined) return "The server can't be reached right now.";
  const words = PROBLEMS[error.code] ?? error.message;
  return error.retryAfterMs ? `${words} Try again in ${duration(error.retryAfterMs)}.` : words;
}

/** Say why a login came to nothing. */
export function loginProblem(error) {
  // Accounts may be kept elsewhere; then the server says so.
  if (error.code === "not_found") return error.message;
  if (error.code === "unauthorized") return "That username and password don't match.";
  if (error.code !== "rate_limited") return problem(error);
  const wait = error.retryAfterMs ? `in ${duration(error.retryAfterMs)}` : "later";
  return `Too many attempts to log in. Try again ${wait}.`;
}

/** Write milliseconds as people say them: `340 ms`, `1.2 s`, `14 s`, `2 min 5 s`; `whole` leaves out parts of seconds. */
export function duration(ms, whole = false) {
  if (whole && ms < 60_000) return `${Math.floor(ms / 1000)} s`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 9950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const rest = seconds % 60;
  return `${Math.floor(seconds / 60)} min${rest ? ` ${rest} s` : ""}`;
}

/** Say how long ago a moment was; both in ms since 1970. */
export function ago(then, now) {
  const minutes = Math.floor((now - then) / 60_000);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ago`;
  return new Date(then).toLocaleDateString([], { day: "numeric", month: "short" });
}
