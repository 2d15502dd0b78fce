/** How long to wait before the next attempt to connect; pure. */

const FIRST_MS = 500;
const LONGEST_MS = 30_000;

/** Return the wait before attempt `attempt`, counted from 0, in ms.
 *
 * It doubles up to a bound, and `random` (0 to 1) moves it within its upper half, so that the pages a server lost
 * together don't come back together.
 */
export function backoff(attempt, random) {
  const bound = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 16));
  return Math.round(bound * (0.5 + random / 2));
}
