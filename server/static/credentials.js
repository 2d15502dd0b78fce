/** Who is logged in: a pair of tokens, kept for as long as the tab is. */

import { call } from "./api.js";
import { LoggedOut, Refused } from "./errors.js";

const KEY = "greenroom.login";

export class Credentials {
  #storage;
  #held;
  #refreshing = null;

  /** @param {Storage} storage where a reload finds them again */
  constructor(storage) {
    this.#storage = storage;
    this.#held = JSON.parse(storage.getItem(KEY));
  }

  /** The access token, or null when nobody is logged in. */
  get token() {
    return this.#held?.access_token ?? null;
  }

  get username() {
    return this.#held?.username ?? null;
  }

  /** Take the tokens of a login. */
  hold(answer, username) {
    const { access_token, refresh_token } = answer;
    this.#held = { access_token, refresh_token, username };
    this.#storage.setItem(KEY, JSON.stringify(this.#held));
  }

  forget() {
    this.#held = null;
    this.#storage.removeItem(KEY);
  }

  /** Exchange the refresh token for a new pair; throws `LoggedOut` when the server won't.
   *
   * Those who ask at the same time share one exchange: a refresh token used twice revokes the login.
   */
  refresh() {
    this.#refreshing ??= this.#exchange().finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  /** Make sure that the access token still counts: a browser doesn't say why an upgrade was refused. */
  async verify() {
    try {
      await call("GET", "/v1/me", { token: this.token });
    } catch (error) {
      if (!isUnauthorized(error)) throw error;
      await this.refresh();
    }
  }

  /** Log out at the server and here. It counts here even if the server can't be told. */
  async logOut() {
    const token = this.token;
    this.forget();
    await call("POST", "/v1/logout", { token });
  }

  async #exchange() {
    const before = this.#held;
    if (before === null) throw new LoggedOut({ code: "unauthorized" });
    try {
      const answer = await call("POST", "/v1/refresh", { body: { refresh_token: before.refresh_token } });
      if (this.#held === before) this.hold(answer, before.username);
    } catch (error) {
      throw isUnauthorized(error) ? new LoggedOut({ code: "token_expired" }) : error;
    }
  }
}

function isUnauthorized(error) {
  return error instanceof Refused && ["unauthorized", "token_expired"].includes(error.code);
}
