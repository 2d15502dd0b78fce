/** The page: puts its parts together, and changes between the login and the conversation. */

import { Chat } from "./chat.js";
import { Composer } from "./composer.js";
import { Credentials } from "./credentials.js";
import { Refused, Unreachable } from "./errors.js";
import { Login } from "./login.js";
import { Outbox } from "./outbox.js";
import { Socket } from "./socket.js";
import { Status } from "./status.js";
import { View } from "./view.js";
import { problem } from "./words.js";

const screen = document.getElementById("chat");
const credentials = new Credentials(sessionStorage);
const outbox = new Outbox(sessionStorage);
const status = new Status();
const login = new Login((answer, username) => {
  credentials.hold(answer, username);
  open();
});
const view = new View({
  dequeue: (runId) => chat.dequeue(runId),
  resend: (id) => chat.resend(id),
  discard: (id) => chat.discard(id),
});
const composer = new Composer({ send: (text) => chat.send(text), stop: () => chat.stop() });
let socket = null;
let chat = null;

/** Begin the conversation of whoever is logged in. */
function open() {
  login.hide();
  screen.hidden = false;
  document.getElementById("whoami").textContent = credentials.username;
  socket = new Socket(address(), credentials, {
    welcomed: (welcome) => chat.welcomed(welcome),
    received: (frame) => chat.received(frame),
    became: (state) => status.show(state),
    loggedOut: (error) => close(problem(error)),
  });
  chat = new Chat(socket, outbox, view, composer);
  socket.start();
  composer.focus();
}

/** Leave nothing of the conversation on the page, and ask for a login. */
function close(words) {
  socket.stop();
  socket = null;
  credentials.forget();
  outbox.clear();
  view.clear();
  view.showOutgoing([]);
  composer.clear();
  screen.hidden = true;
  login.show(words);
}

async function logOut() {
  const told = credentials.logOut();
  close("");
  try {
    await told;
  } catch (error) {
    // Logged out here all the same; the tokens run out by themselves.
    if (!(error instanceof Refused || error instanceof Unreachable)) throw error;
  }
}

function address() {
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/v1/ws`;
}

document.getElementById("logout-button").addEventListener("click", logOut);
addEventListener("online", () => socket?.hurry());
document.addEventListener("visibilitychange", () => document.hidden || socket?.hurry());
if (credentials.token === null) login.show();
else open();
