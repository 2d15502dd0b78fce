/** The page: who is logged in, which conversation is shown, and what stands around it. */

import { Banner } from "./banner.js";
import { Composer } from "./composer.js";
import { Conversation } from "./conversation.js";
import { byId } from "./dom.js";
import { Greenroom, LoggedOut, Refused, Unreachable } from "./greenroom.js";
import { Login } from "./login.js";
import { Sessions } from "./sessions.js";
import { Sidebar, nameOf } from "./sidebar.js";
import { problem } from "./words.js";
import { View } from "./view.js";

const client = new Greenroom();
const login = new Login((username, password) => client.login(username, password));
const banner = new Banner(() => client.connect());
const composer = new Composer({ send, stop: () => conversation?.stop() });
const sidebar = new Sidebar({ choose, remove });
const view = new View({
  dequeue: (runId) => {
    composer.focus();
    conversation?.dequeue(runId);
  },
  resend: (id) => client.resend(id),
  discard: (id) => client.discard(id),
  earlier: () => conversation?.earlier(),
});
let sessions = null;
let conversation = null;
let leaving = false;

function userChanged(user) {
  if (sessions !== null) leave();
  if (user === null) login.show(leaving ? "" : "You have been logged out.");
  else enter();
  leaving = false;
}

async function enter() {
  login.hide();
  byId("chat").hidden = false;
  byId("whoami").textContent = client.user.username;
  sessions = new Sessions(client, () => showSessions());
  client.connect();
  showChosen();
  composer.focus();
  await sessions.refresh();
}

/** Leave nothing of anybody's on the page. */
function leave() {
  sessions.close();
  sessions = null;
  conversation?.close();
  conversation = null;
  view.clear();
  composer.clear();
  sidebar.close();
  sidebar.show([], null);
  confirmation.close();
  byId("chat").hidden = true;
  for (const id of ["whoami", "title", "delete-name"]) byId(id).textContent = "";
  document.title = "Greenroom";
  history.replaceState(null, "", location.pathname);
}

async function logOut() {
  leaving = true;
  try {
    await client.logout();
  } catch (error) {
    // Logged out here all the same; the tokens run out by themselves.
    if (!(error instanceof Refused || error instanceof Unreachable)) throw error;
  }
}

// Which conversation: the address says, so that a reload, a bookmark and the way back lead to it.

function chosen() {
  return decodeURIComponent(location.hash.slice(1)) || null;
}

function choose(sessionId, isFresh = false) {
  const hash = sessionId === null ? "" : `#${encodeURIComponent(sessionId)}`;
  if (location.hash !== hash) history.pushState(null, "", `${location.pathname}${hash}`);
  sidebar.close();
  composer.focus();
  showChosen(isFresh);
}

function showChosen(isFresh = false) {
  if (sessions === null) return;
  const sessionId = chosen();
  if (conversation !== null && conversation.sessionId === sessionId) return;
  conversation?.close();
  conversation = null;
  view.clear();
  composer.say("");
  composer.showActive(false);
  if (sessionId === null) view.showEmpty(true);
  else conversation = new Conversation(client, sessionId, view, composer, gone);
  if (isFresh) conversation.begin();
  else conversation?.open();
  sessions.choose(sessionId);
  showSessions();
}

function showSessions() {
  if (sessions === null) return;
  sidebar.show(sessions.list, chosen());
  const session = sessions.get(chosen());
  const name = session === null ? "New conversation" : nameOf(session);
  byId("title").textContent = name;
  document.title = session === null ? "Greenroom" : `${name} · Greenroom`;
}

async function send(text) {
  try {
    if (conversation === null) await begin(text);
    const { sessionId } = conversation;
    view.toEnd();
    await client.send(text, { sessionId, ...(isScript(text) ? { agent: "rehearsal" } : {}) });
    if (conversation?.sessionId !== sessionId) await sessions?.refresh(); // It is at work behind the one looked at now.
  } catch (error) {
    if (error instanceof LoggedOut) return;
    if (!(error instanceof Refused || error instanceof Unreachable)) throw error;
    // Refused once it had a conversation, it stands there; without one, it is still to be sent.
    if (conversation !== null) return;
    composer.write(text);
    composer.say(problem(error));
  }
}

/** Make a conversation of the first message of one. */
async function begin(text) {
  const { session_id } = await sessions.create(isScript(text) ? "Rehearsal" : text);
  choose(session_id, true);
}

/** A script of steps is for the agent that rehearses. */
function isScript(text) {
  try {
    return Array.isArray(JSON.parse(text)?.steps);
  } catch {
    return false; // Not JSON: words for the default agent.
  }
}

// Deleting.

let removing = null;
const confirmation = byId("delete-dialog");

function remove(session) {
  removing = session;
  byId("delete-name").textContent = nameOf(session);
  confirmation.showModal();
}

confirmation.addEventListener("close", async () => {
  if (confirmation.returnValue !== "delete") return;
  confirmation.returnValue = "";
  try {
    if (chosen() === removing.session_id) choose(null);
    await sessions.delete(removing.session_id);
  } catch (error) {
    if (!(error instanceof Refused || error instanceof Unreachable)) throw error;
    composer.say(problem(error));
  }
});

function gone() {
  choose(null);
  composer.say("That conversation isn't there any more.");
}

function complained(error) {
  if (error.code !== "not_found" || error.session_id === null) return composer.say(problem(error));
  if (error.session_id === chosen()) gone();
  sessions?.refresh();
}

byId("logout-button").addEventListener("click", logOut);
byId("new-button").addEventListener("click", () => choose(null));
byId("suggestions").addEventListener("click", ({ target }) => target.closest("button") && send(target.closest("button").value));
addEventListener("popstate", () => showChosen());
addEventListener("hashchange", () => showChosen());
document.addEventListener("visibilitychange", () => sessions?.markSeen());
client.on("user", userChanged);
client.on("state", (state) => banner.show(state));
client.on("error", complained);
if (client.user === null) login.show();
else enter();
