/** The login form: a name and a password for a pair of tokens. */

import { call } from "./api.js";
import { loginProblem } from "./words.js";

export class Login {
  #screen = document.getElementById("login");
  #username = document.getElementById("username");
  #password = document.getElementById("password");
  #button = document.getElementById("login-button");
  #problem = document.getElementById("login-error");
  #loggedIn;

  /** @param {(answer: object, username: string) => void} loggedIn */
  constructor(loggedIn) {
    this.#loggedIn = loggedIn;
    document.getElementById("login-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
  }

  /** Show the form, with what the person should know first. */
  show(words = "") {
    this.#screen.hidden = false;
    this.#say(words);
    this.#username.focus();
  }

  hide() {
    this.#screen.hidden = true;
    this.#password.value = "";
  }

  async #submit() {
    const username = this.#username.value.trim();
    this.#button.disabled = true;
    this.#say("");
    try {
      const body = { username, password: this.#password.value };
      this.#loggedIn(await call("POST", "/v1/login", { body }), username);
    } catch (error) {
      this.#say(loginProblem(error));
      this.#password.select();
    } finally {
      this.#button.disabled = false;
    }
  }

  #say(words) {
    this.#problem.textContent = words;
    this.#problem.hidden = words === "";
  }
}
