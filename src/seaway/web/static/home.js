// Home: filter as you type, sort by a column, move with the keyboard, stay fresh.

import { keepFresh } from "./parts.js";

const rows = document.getElementById("apps");
const filter = document.getElementById("filter");
const isTyping = () => document.activeElement?.matches("input, textarea, select");

function remember() {
  const url = new URL(location.href);
  if (filter.value.trim()) url.searchParams.set("q", filter.value.trim());
  else url.searchParams.delete("q");
  history.replaceState(null, "", url);
}

function applyFilter() {
  const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const row of rows.children) {
    row.hidden = !words.every((word) => row.dataset.text.includes(word));
    if (!row.hidden) count += 1;
  }
  document.getElementById("shown").textContent = `${count} of ${rows.children.length}`;
  document.getElementById("no-match").hidden = count > 0;
}

function sortBy(link) {
  const column = link.dataset.column;
  const head = link.closest("th");
  const down = head.getAttribute("aria-sort") === "ascending";
  for (const th of head.parentElement.children) th.setAttribute("aria-sort", "none");
  head.setAttribute("aria-sort", down ? "descending" : "ascending");
  applySort(column, down);
  const url = new URL(location.href);
  url.searchParams.set("sort", (down ? "-" : "") + column);
  history.replaceState(null, "", url);
}

function applySort(column, down) {
  const value = (row) => row.querySelector(`td.${column}`).dataset.sort;
  const isText = column === "name" || column === "url";
  const order = (a, b) => (isText ? (a < b ? -1 : a > b ? 1 : 0) : a - b);
  const sorted = [...rows.children].sort(
    (a, b) => (down ? -1 : 1) * order(value(a), value(b)) || order2(a.dataset.text, b.dataset.text),
  );
  rows.append(...sorted);
}

const order2 = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

const links = () => [...rows.children].filter((row) => !row.hidden).map((row) => row.querySelector("td.name a"));

function move(step) {
  const all = links();
  const at = all.findIndex((link) => link.closest("tr").contains(document.activeElement));
  const next = all[at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + step, 0), all.length - 1)];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping()) return;
  if (event.key === "/") (event.preventDefault(), filter.focus(), filter.select());
  if (event.key === "j") move(1);
  if (event.key === "k") move(-1);
}

function onFilterKey(event) {
  if (event.key === "Escape") {
    filter.value = "";
    applyFilter();
    remember();
    filter.blur();
  }
  if (event.key === "ArrowDown") (event.preventDefault(), move(1));
}

/** All rows, whatever the URL filters: the filter works on the page alone from here on. */
function everything() {
  const url = new URL(location.href);
  url.searchParams.delete("q");
  return url.href;
}

if (rows) {
  filter.addEventListener("input", () => (applyFilter(), remember()));
  filter.addEventListener("keydown", onFilterKey);
  filter.form.addEventListener("submit", (event) => {
    event.preventDefault();
    links()[0]?.click();
  });
  document.querySelector(".apps thead").addEventListener("click", (event) => {
    const link = event.target.closest("[data-column]");
    if (!link) return;
    event.preventDefault();
    sortBy(link);
  });
  document.addEventListener("keydown", onKey);
}
keepFresh(10, () => rows && applyFilter(), everything);
