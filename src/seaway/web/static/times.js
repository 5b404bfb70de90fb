// Keeps "3 min ago", running seconds and estimates true while a page is open. Says the same as words.py.

const skew = Number(document.body.dataset.now) - Date.now();
const UNITS = [[1, 60, "s"], [60, 3600, "min"], [3600, 86400, "h"], [86400, 30 * 86400, "d"]];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** The server's time, in Unix milliseconds. */
export const now = () => Date.now() + skew;

export function ago(ms, at = now()) {
  const seconds = Math.floor((at - ms) / 1000);
  for (const [size, limit, unit] of UNITS) {
    if (seconds < limit) return seconds >= 1 ? `${Math.floor(seconds / size)} ${unit} ago` : "just now";
  }
  const date = new Date(ms);
  return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()}`;
}

export function duration(seconds) {
  if (Math.round(seconds * 10) < 600) return `${Math.max(seconds, 0).toFixed(1)} s`;
  const whole = Math.round(seconds);
  const two = (n) => String(n).padStart(2, "0");
  if (whole < 3600) return `${Math.floor(whole / 60)} m ${two(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} m`;
}

export function clock(ms) {
  return new Date(ms).toISOString().slice(11, 23);
}

function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function tick() {
  for (const time of document.querySelectorAll("time[datetime]")) say(time, ago(Date.parse(time.dateTime)));
}

function tickFast() {
  for (const each of document.querySelectorAll("[data-since]")) say(each, duration((now() - each.dataset.since) / 1000));
  for (const each of document.querySelectorAll("[data-left]")) {
    const left = (each.dataset.left - now()) / 1000;
    say(each, left > 0 ? `about ${duration(left)} left` : "longer than last time");
  }
  for (const bar of document.querySelectorAll("[data-growing]")) {
    const unit = 1000 / (bar.ownerSVGElement.dataset.total * 1000);
    const width = Math.min((now() - bar.dataset.growing) * unit, 1000 - bar.getAttribute("x"));
    bar.setAttribute("width", Math.max(width, 0).toFixed(1));
  }
}

setInterval(tick, 5000);
setInterval(tickFast, 500);
tickFast();
