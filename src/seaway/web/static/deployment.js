// A deployment's page: listens to its events, renews what they change, and catches up after lost contact.

import { Log, Search } from "./log.js";
import { announce, contact, contactLost, renew, SignedOut } from "./parts.js";
import { read, Refused } from "./stream.js";

const panel = document.getElementById("log");
const follow = document.getElementById("follow");
const search = document.getElementById("search");
const progress = document.getElementById("progress");
const log = new Log(panel);
const find = new Search(log, search, document.getElementById("matches"));
const isFinal = () => document.getElementById("title").dataset.final === "true";

log.onFollow = (on) => follow?.setAttribute("aria-pressed", String(on));
log.onLines = () => find.stale();
follow?.addEventListener("click", () => ((log.resumes = true), log.follow(!log.following)));

// What changed is drawn by the server; one request at a time, and one more if something happened meanwhile.
let renewing = false, again = false;
async function renewHead() {
  if (renewing) return void (again = true);
  renewing = true;
  try {
    do {
      again = false;
      const changed = await renew(`${location.pathname}?part=head`);
      if (!changed.includes("title")) continue;
      const title = document.getElementById("title");
      document.title = title.dataset.title;
      announce(title.dataset.says);
    } while (again);
  } finally {
    renewing = false;
  }
}

function showProgress({ step, done, total, text }) {
  progress.classList.add("known");
  const [bar, words] = progress.children;
  (bar.max = total || 1), (bar.value = done);
  words.textContent = `${step}: ${done} of ${total}${text ? `, ${text}` : ""}`;
}

let lastId = null, ended = false, heard = new Date();
function on(event, data, id) {
  heard = new Date();
  if (id !== null) lastId = id;
  if (event === "lines") log.add(JSON.parse(data));
  else if (event === "progress") showProgress(JSON.parse(data));
  else if (event === "state") renewHead().catch(() => {});
  else if (event === "end") ended = true;
}

let lost = false;
function opened() {
  if (!lost) return;
  lost = false;
  contact("In contact again.", false);
  setTimeout(() => lost || contact("", false), 6000);
}

async function sayLost(error) {
  lost = true;
  const signedOut = error instanceof Refused && (error.status === 0 || error.status === 401 || error.status === 403);
  contactLost(signedOut ? new SignedOut() : error, `${heard.toISOString().slice(11, 19)} UTC`);
}

const wait = (ms) =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    addEventListener("online", () => (clearTimeout(timer), resolve()), { once: true });
  });

/** Listen until the end. A connection that breaks is made again, from the last event that arrived. */
async function listen() {
  let tries = 0;
  while (!ended) {
    try {
      await read(panel.dataset.events, lastId, on, () => ((tries = 0), opened()));
      if (ended) break;
      tries += 1;
      if (tries > 1) await sayLost(new Error("the stream ended early"));
    } catch (error) {
      tries += 1;
      await sayLost(error);
    }
    await wait(Math.min(500 * 2 ** tries, 10_000));
  }
  await settle();
}

async function settle() {
  progress.classList.remove("known");
  for (let tries = 0; ; tries += 1) {
    try {
      await renewHead();
      break;
    } catch (error) {
      await sayLost(error);
      await wait(Math.min(500 * 2 ** tries, 10_000));
    }
  }
  opened();
  document.getElementById("silence").hidden = log.lines.length > 0 || log.batches.length > 0;
}

function openNamed() {
  const step = location.hash.startsWith("#log-") ? location.hash.slice(5) : "";
  if (step && log.open(step)) log.follow(false);
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || document.activeElement?.matches("input, textarea")) return;
  if (event.key === "/") (event.preventDefault(), search.focus(), search.select());
  if (event.key === "f") follow?.click();
}

addEventListener("hashchange", openNamed);
document.addEventListener("click", (event) => event.target.closest?.(".journey a") && setTimeout(openNamed));
document.addEventListener("keydown", onKey);

if (panel.dataset.streams === "true") {
  log.resumes = true;
  log.follow(!location.hash.startsWith("#log-"));
  listen();
} else {
  const failed = panel.querySelector("details[open] > .chunk:last-of-type");
  if (failed && !location.hash) panel.scrollTop = panel.scrollHeight;
  openNamed();
}
