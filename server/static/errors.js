/** What can go wrong between the page and the server, named by whose answer it is.
 *
 *   Error
 *    ├─ Refused         the server said no; `code` is one of the protocol's
 *    │   └─ LoggedOut   the login is over: only the password helps now
 *    └─ Unreachable     nobody answered, or the connection was lost before the answer
 */

export class Refused extends Error {
  /** @param {{code: string, message?: string, temporary?: boolean, retry_after_ms?: number}} answer */
  constructor(answer) {
    super(answer.message ?? answer.code);
    this.code = answer.code;
    this.temporary = answer.temporary ?? false;
    this.retryAfterMs = answer.retry_after_ms ?? null;
  }
}

export class LoggedOut extends Refused {}

export class Unreachable extends Error {}
