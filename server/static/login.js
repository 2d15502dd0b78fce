/** The login form. */

import { byId, show } from "./dom.js";
import { loginProblem } from "./words.js";

export class Login {
  #screen = byId("login");
  #username = byId("username");
  #password = byId("password");
  #button = byId("login-button");
  #problem = byId("login-error");

  /** @param {(username: string, password: string) => Promise<void>} logIn */
  constructor(logIn) {
    byId("login-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit(logIn);
    });
  }

  /** Show the form, with what the person should know first. */
  show(words = "") {
    this.#screen.hidden = false;
    show(this.#problem, words);
    this.#username.focus();
  }

  hide() {
    this.#screen.hidden = true;
    this.#password.value = "";
  }

  async #submit(logIn) {
    this.#button.disabled = true;
    show(this.#problem, "");
    try {
      await logIn(this.#username.value.trim(), this.#password.value);
    } catch (error) {
      show(this.#problem, loginProblem(error));
      this.#password.select();
    } finally {
      this.#button.disabled = false;
    }
  }
}
