// A deployment's log: lines come in batches, go onto the page a frame at a time, folded by step, and can be searched.
//
// 1. A frame spends at most FRAME_MS on new lines, so that the page answers while thousands arrive.
// 2. Lines live in chunks; the browser skips those out of sight (`content-visibility` in seaway.css).
// 3. While following, the newest line stays in sight; scrolling up ends following, scrolling to the end resumes it.

import { clock } from "./times.js";

const CHUNK = 200;
const FRAME_MS = 7;
const MARKED = 3000;
const UPWARDS = new Set(["ArrowUp", "PageUp", "Home"]);
// Terminal colours and other control sequences; the same as in words.py.
const CONTROL = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-_])|[\x00-\x08\x0b-\x1f\x7f]/g;

export class Log {
  constructor(panel) {
    this.panel = panel;
    this.steps = new Map();
    this.lines = [];
    this.batches = [];
    this.at = 0;
    this.following = false;
    this.resumes = false;
    this.top = 0;
    this.onFollow = () => {};
    this.onLines = () => {};
    for (const details of panel.querySelectorAll(".step-log")) this.#adopt(details);
    panel.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    panel.addEventListener("wheel", (event) => event.deltaY < 0 && this.follow(false), { passive: true });
    panel.addEventListener("touchmove", () => this.follow(false), { passive: true });
    panel.addEventListener("pointerdown", (event) => event.target.closest("summary") || this.follow(false));
    panel.addEventListener("keydown", (event) => UPWARDS.has(event.key) && this.follow(false));
    new ResizeObserver(() => this.#resized()).observe(panel);
    this.height = panel.clientHeight;
  }

  add(batch) {
    if (!batch.length) return;
    this.batches.push(batch);
    this.#schedule();
  }

  follow(on) {
    if (this.following !== on) this.onFollow(on);
    this.following = on;
    if (on) this.#toEnd();
  }

  /** Open a step's lines and bring its head into sight. */
  open(step) {
    const details = this.steps.get(step)?.details;
    if (!details) return false;
    details.open = true;
    details.scrollIntoView({ block: "nearest" });
    return true;
  }

  #adopt(details) {
    const chunks = details.querySelectorAll(".chunk");
    const step = { details, size: details.querySelector(".size"), chunk: chunks[chunks.length - 1], inChunk: CHUNK, count: 0, byUs: false };
    for (const line of details.querySelectorAll(".line")) (this.lines.push(line), (step.count += 1));
    this.steps.set(details.dataset.step, step);
    return step;
  }

  #step(name) {
    const known = this.steps.get(name);
    if (known) return known;
    const details = document.createElement("details");
    details.className = "step-log";
    details.id = `log-${name}`;
    details.dataset.step = name;
    const summary = document.createElement("summary");
    const label = Object.assign(document.createElement("span"), { className: "name", textContent: name || "other" });
    const size = Object.assign(document.createElement("span"), { className: "size" });
    summary.append(label, " ", size);
    details.append(summary);
    this.panel.append(details);
    const step = this.#adopt(details);
    this.#turnTo(step);
    return step;
  }

  // The step that speaks now is open; the one before it folds again, unless a person opened it.
  #turnTo(step) {
    for (const each of this.steps.values()) if (each.byUs) (each.details.open = false), (each.byUs = false);
    step.details.open = true;
    step.byUs = true;
    step.details.querySelector("summary").addEventListener("click", () => (step.byUs = false));
  }

  #schedule() {
    if (this.frame) return;
    this.frame = true;
    // A hidden tab gets no frames; its lines must not pile up until it is looked at.
    if (document.hidden) setTimeout(() => this.#flush(), 250);
    else requestAnimationFrame(() => this.#flush());
  }

  #flush() {
    this.frame = false;
    const until = performance.now() + FRAME_MS;
    const touched = new Set();
    while (this.batches.length && performance.now() < until) {
      const batch = this.batches[0];
      const end = Math.min(this.at + 100, batch.length);
      for (; this.at < end; this.at += 1) touched.add(this.#append(batch[this.at]));
      if (this.at >= batch.length) (this.batches.shift(), (this.at = 0));
    }
    for (const step of touched) step.size.textContent = `${step.count.toLocaleString("en")} line${step.count === 1 ? "" : "s"}`;
    if (this.following) this.#toEnd();
    this.onLines(this.batches.length > 0);
    if (this.batches.length) this.#schedule();
  }

  #append({ t, step: name, stream, text }) {
    const step = this.#step(name);
    if (step.inChunk >= CHUNK) {
      step.chunk?.classList.add("full");
      step.chunk = document.createElement("div");
      step.chunk.className = "chunk";
      step.details.append(step.chunk);
      step.inChunk = 0;
    }
    const line = document.createElement("span");
    line.className = `line ${stream}`;
    line.dataset.t = clock(t);
    line.textContent = `${text.replace(CONTROL, "")}\n`;
    step.chunk.append(line);
    step.inChunk += 1;
    step.count += 1;
    this.lines.push(line);
    return step;
  }

  #toEnd() {
    this.panel.scrollTop = this.panel.scrollHeight;
  }

  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.panel;
    const downToEnd = scrollTop > this.top && scrollHeight - scrollTop - clientHeight < 8;
    this.top = scrollTop;
    if (this.resumes && downToEnd) this.follow(true);
  }

  // The finding appears above and takes room: what is being read stays where it is on the screen.
  #resized() {
    const lostAbove = this.height - this.panel.clientHeight;
    this.height = this.panel.clientHeight;
    if (this.following) this.#toEnd();
    else if (this.panel.scrollTop > 0) this.panel.scrollTop += lostAbove;
  }
}

/** Finds a text in a log: marks it everywhere, walks from hit to hit. */
export class Search {
  constructor(log, input, output) {
    (this.log = log), (this.input = input), (this.output = output);
    (this.hits = []), (this.current = -1);
    input.addEventListener("input", () => this.#soon(120));
    input.addEventListener("keydown", (event) => this.#key(event));
  }

  /** More lines came: count again, but not for every batch. */
  stale() {
    if (this.input.value && !this.timer) this.#soon(700);
  }

  #soon(ms) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => ((this.timer = 0), this.#find()), ms);
  }

  #find() {
    const wanted = this.input.value.toLowerCase();
    const kept = this.hits[this.current];
    this.hits = wanted ? this.log.lines.filter((line) => line.textContent.toLowerCase().includes(wanted)) : [];
    this.#mark(wanted);
    this.current = kept ? this.hits.indexOf(kept) : -1;
    if (this.current < 0) kept?.classList.remove("now");
    this.#tell(wanted);
  }

  #mark(wanted) {
    if (!window.Highlight) return;
    const ranges = this.hits.slice(0, MARKED).map((line) => {
      const range = new Range();
      const start = line.textContent.toLowerCase().indexOf(wanted);
      range.setStart(line.firstChild, start);
      range.setEnd(line.firstChild, Math.min(start + wanted.length, line.firstChild.length));
      return range;
    });
    CSS.highlights.set("found", new Highlight(...ranges));
  }

  #tell(wanted) {
    const of = this.hits.length.toLocaleString("en");
    this.output.textContent = !wanted ? "" : this.current < 0 ? `${of} line${of === "1" ? "" : "s"}` : `${this.current + 1} of ${of}`;
  }

  #key(event) {
    if (event.key === "Escape") ((this.input.value = ""), this.#find(), this.log.panel.focus());
    if (event.key !== "Enter") return;
    event.preventDefault();
    if (this.timer) (clearTimeout(this.timer), (this.timer = 0), this.#find());
    this.#go(event.shiftKey ? -1 : 1);
  }

  #go(step) {
    if (!this.hits.length) return;
    this.hits[this.current]?.classList.remove("now");
    this.current = (this.current + step + this.hits.length) % this.hits.length;
    const line = this.hits[this.current];
    this.log.follow(false);
    line.closest("details").open = true;
    line.classList.add("now");
    line.scrollIntoView({ block: "center" });
    this.#tell(this.input.value);
  }
}
