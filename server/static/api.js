/** The HTTP calls: JSON in, JSON out. */

import { Refused, Unreachable } from "./errors.js";

/** So long an answer may take: over a dead link, one would be waited for until the network gives up. */
const ANSWER_WITHIN_MS = 10_000;

/** Call the server.
 *
 * Throws `Refused` with the server's code, or `Unreachable` where no answer of its came: a proxy's error page is none.
 */
export async function call(method, path, { token, body } = {}) {
  const response = await fetched(path, { method, headers: headers(token, body), body: encoded(body) });
  if (response.status === 204) return null;
  const answer = await decoded(response);
  if (!response.ok) throw new Refused(answer.error);
  return answer;
}

function headers(token, body) {
  return {
    ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
    ...(body === undefined ? {} : { "Content-Type": "application/json" }),
  };
}

function encoded(body) {
  return body === undefined ? undefined : JSON.stringify(body);
}

async function fetched(path, request) {
  try {
    return await fetch(path, { ...request, cache: "no-store", signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
  } catch (error) {
    throw new Unreachable("no answer", { cause: error });
  }
}

async function decoded(response) {
  try {
    const answer = await response.json();
    if (response.ok || answer.error?.code) return answer;
  } catch (error) {
    throw new Unreachable("not an answer of the server", { cause: error });
  }
  throw new Unreachable("not an answer of the server");
}
