// Renews the parts of a page (`data-part`) from what the server draws, and touches only those that changed.

import "./times.js";
import "./copying.js";

const shown = new Map();

export class SignedOut extends Error {}

// Times differ with every drawing and are kept true by times.js; they alone are no change.
function source(element) {
  return element.outerHTML.replace(/(<time[^>]*>)[^<]*/g, "$1").replace(/ data-left="\d+">[^<]*/g, ">");
}

for (const part of document.querySelectorAll("[data-part]")) shown.set(part.id, source(part));

const focusable = (part) => [...part.querySelectorAll("a[href], button, input, summary")];

function replace(part, fresh) {
  const focused = focusable(part).indexOf(document.activeElement);
  for (const { name } of [...part.attributes]) if (!fresh.hasAttribute(name)) part.removeAttribute(name);
  for (const { name, value } of fresh.attributes) if (part.getAttribute(name) !== value) part.setAttribute(name, value);
  part.replaceChildren(...fresh.childNodes);
  if (focused >= 0) focusable(part)[focused]?.focus({ preventScroll: true });
}

const isInUse = (part) => part.querySelector("details[open]") !== null || part.contains(document.querySelector("input:focus"));

function renewRows(list, fresh, changed) {
  const wanted = new Set([...fresh.children].map((row) => row.id));
  for (const row of [...list.children]) {
    if (!wanted.has(row.id)) (row.remove(), shown.delete(row.id), changed.push(row.id));
  }
  for (const row of [...fresh.children]) {
    if (document.getElementById(row.id)) continue;
    shown.set(row.id, source(row));
    list.append(row);
    changed.push(row.id);
  }
}

/** Fetch `url` and renew; returns the ids of what changed. */
export async function renew(url) {
  const response = await fetch(url, { redirect: "manual", cache: "no-store" });
  if (response.type === "opaqueredirect") throw new SignedOut();
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const changed = [];
  for (const list of document.querySelectorAll("[data-rows]")) {
    const fresh = page.getElementById(list.id);
    if (fresh) renewRows(list, fresh, changed);
  }
  for (const fresh of page.querySelectorAll("[data-part]")) {
    const part = document.getElementById(fresh.id);
    const text = source(fresh);
    if (!part || shown.get(fresh.id) === text || isInUse(part)) continue;
    shown.set(fresh.id, text);
    replace(part, fresh);
    changed.push(fresh.id);
  }
  return changed;
}

export function announce(text) {
  const line = document.getElementById("announcer");
  if (text && line.textContent !== text) line.textContent = text;
}

/** Says in the bar whether the page still has contact; nothing to say is the normal case. */
export function contact(text, lost) {
  const line = document.getElementById("contact");
  if (line.textContent !== text) line.textContent = text;
  line.classList.toggle("lost", lost);
}

export function contactLost(error, since) {
  if (!(error instanceof SignedOut)) return contact(`No contact since ${since}. Trying again.`, true);
  contact("Signed out. ", true);
  const way = document.createElement("a");
  way.href = `/login?next=${encodeURIComponent(location.pathname + location.search)}`;
  way.textContent = "Sign in";
  document.getElementById("contact").append(way);
}

/** Renew every `seconds` while the page is looked at. */
export function keepFresh(seconds, then = () => {}, address = () => location.href) {
  let lost = false, since = new Date();
  const turn = async () => {
    if (!document.hidden) {
      try {
        const changed = await renew(address());
        if (lost) contact("", false);
        (lost = false), (since = new Date());
        if (changed.length) then(changed);
      } catch (error) {
        lost = true;
        contactLost(error, since.toISOString().slice(11, 19) + " UTC");
      }
    }
    setTimeout(turn, (lost ? 2 : seconds) * 1000);
  };
  setTimeout(turn, seconds * 1000);
}
