/** The login form. */

const WORDS = {
  unauthorized: "The username or the password is wrong.",
  rate_limited: "Too many attempts. Wait a minute, then try again.",
};

export class Login {
  #screen = document.getElementById("entrance");
  #form = document.getElementById("login-form");
  #username = document.getElementById("username");
  #password = document.getElementById("password");
  #problem = document.getElementById("login-problem");

  /** @param {(username: string, password: string) => Promise<void>} logIn */
  constructor(logIn) {
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit(logIn);
    });
  }

  show(words = "") {
    this.#screen.hidden = false;
    this.#say(words);
    this.#username.focus();
  }

  hide() {
    this.#screen.hidden = true;
    this.#password.value = "";
  }

  async #submit(logIn) {
    const button = document.getElementById("login-button");
    button.disabled = true;
    this.#say("");
    try {
      await logIn(this.#username.value.trim(), this.#password.value);
    } catch (error) {
      this.#say(WORDS[error.code] ?? `The server can't be asked: ${error.message}.`);
      this.#password.select();
    } finally {
      button.disabled = false;
    }
  }

  #say(words) {
    this.#problem.textContent = words;
    this.#problem.hidden = words === "";
  }
}
