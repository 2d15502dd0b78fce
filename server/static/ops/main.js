/** The operator's page: puts its parts together, and keeps them fresh. */

import { Greenroom, LoggedOut, Refused, Unreachable } from "../greenroom.js";
import { tickAll } from "./actors.js";
import { Connections } from "./connections.js";
import { Crashes } from "./crashes.js";
import { element, keep, say } from "./dom.js";
import { Faults } from "./faults.js";
import { Feed } from "./feed.js";
import { span } from "./format.js";
import { House } from "./house.js";
import { Inspector } from "./inspector.js";
import { Letters } from "./letters.js";
import { Login } from "./login.js";
import { Poll } from "./poll.js";
import { Sessions } from "./sessions.js";
import { Series, Tiles } from "./tiles.js";
import { verdict } from "./verdict.js";

const TICK_MS = 250;
const LATE_MS = 6000;

// In a storage of its own: an operator's login ends with the tab, and isn't the chat's.
const client = new Greenroom({ storage: sessionStorage, name: "greenroom.ops" });
const call = (method, path, body) => client.call(method, path, body);
const hurry = () => poll.hurry();

const ROOMS = {
  sessions: { title: "Sessions", make: (search) => new Sessions({ changed: hurry, inspect: (row) => inspector.open(row), search }) },
  crashes: { title: "Crashes", make: (search) => new Crashes({ call, changed: hurry, search }) },
  letters: { title: "Dead letters", make: () => new Letters() },
  connections: { title: "Connections", make: (search) => new Connections({ changed: hurry, search }) },
  server: { title: "Server", make: () => new House() },
  faults: { title: "Faults", make: () => new Faults(call, hurry) },
};

const [house, stranger, room, rooms, verdictLine, pulse, notes] = [
  "house",
  "stranger",
  "room",
  "rooms",
  "verdict",
  "pulse",
  "notes",
].map((id) => document.getElementById(id));
const login = new Login(async (username, password) => {
  await client.login(username, password);
  enter();
});
const tiles = new Tiles(document.getElementById("tiles"));
const inspector = new Inspector(call, hurry);
const poll = new Poll(refresh);
let series = new Series();
let feed = new Feed(openCrash);
let current = null;
let answeredAt = performance.now();

/** Show what whoever is logged in may see. */
function enter() {
  login.hide();
  const operates = client.user.roles.includes("operator");
  house.hidden = !operates;
  stranger.hidden = operates;
  say(document.getElementById("stranger-name"), client.user.username);
  say(document.getElementById("whoami"), client.user.username);
  if (!operates) {
    document.getElementById("stranger-title").focus();
    return;
  }
  changeRoom();
  answeredAt = performance.now();
  poll.start();
}

/** Leave nothing on the page, and ask for a login. */
function leave(words = "") {
  poll.stop();
  inspector.close();
  series = new Series();
  feed = new Feed(openCrash);
  house.hidden = stranger.hidden = true;
  document.title = "Greenroom operations";
  login.show(words);
}

/** The login is good, but for somebody who may not see this, or no longer. */
function turnAway() {
  poll.stop();
  house.hidden = true;
  stranger.hidden = false;
}

async function logOut() {
  const told = client.logout();
  leave();
  // Logged out here all the same; the tokens run out by themselves.
  await told.catch(() => {});
}

/** Ask for all that is shown, and show it; tell how soon to ask again. */
async function refresh() {
  try {
    const overview = await call("GET", `/v1/ops/overview?samples=${series.last}&incidents=${feed.last}`);
    showOverview(overview);
    const shown = current;
    const path = shown.path(overview);
    const answer = path === null ? null : await call("GET", path);
    if (shown === current) shown.show(answer, overview);
    await inspector.look();
    answeredAt = performance.now();
    return overview.sessions.failing > 0 ? "alert" : "calm";
  } catch (error) {
    if (error instanceof LoggedOut) leave("The login is over. Log in again.");
    else if (error.code === "forbidden") turnAway();
    else if (!(error instanceof Unreachable || error instanceof Refused)) throw error;
    return "away";
  } finally {
    beat();
  }
}

function showOverview(overview) {
  const { level, words, notes: stated } = verdict(overview);
  verdictLine.dataset.level = level;
  say(verdictLine, words);
  document.title = `${level === "good" ? "" : `${words} – `}Greenroom operations`;
  keep(notes, stated, (note) => note.title, makeNote);
  tiles.show(series.add(overview.samples));
  feed.add(overview.incidents);
}

function makeNote({ level }) {
  const node = element("li", { class: "note", "data-level": level });
  return { node, update: ({ words }) => say(node, words) };
}

/** Say how fresh it is: numbers that stand still must not pass for a server that does. */
function beat() {
  const silent = performance.now() - answeredAt;
  const late = silent > LATE_MS;
  pulse.classList.toggle("late", late);
  house.classList.toggle("stale", late);
  say(pulse, late ? `no answer for ${span(silent)}` : "live");
}

function changeRoom() {
  const [name, search = ""] = location.hash.slice(1).split("?");
  const { title, make } = ROOMS[name] ?? ROOMS.sessions;
  current = make(decodeURIComponent(search));
  room.replaceChildren(...current.nodes);
  room.setAttribute("aria-label", title);
  for (const link of rooms.children) link.setAttribute("aria-current", link.textContent === title ? "page" : "false");
  hurry();
}

async function openCrash(incident) {
  if (!(current instanceof Crashes)) {
    // The room is changed here and now, and not by the hash's event, which comes later.
    history.pushState(null, "", "#crashes");
    changeRoom();
  }
  await current.openLife(incident);
}

for (const [name, { title }] of Object.entries(ROOMS)) rooms.append(element("a", { href: `#${name}` }, title));
document.getElementById("logout").addEventListener("click", logOut);
document.getElementById("stranger-logout").addEventListener("click", logOut);
addEventListener("hashchange", () => house.hidden || changeRoom());
addEventListener("keydown", (event) => {
  if (event.key === "/" && !event.target.matches("input, textarea") && current?.focusSearch) {
    event.preventDefault();
    current.focusSearch();
  }
});
setInterval(() => {
  if (house.hidden) return;
  tickAll();
  beat();
}, TICK_MS);
if (client.user === null) login.show();
else enter();
