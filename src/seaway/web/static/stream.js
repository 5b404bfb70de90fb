// Server-sent events over fetch: unlike EventSource it sees the answer's status, and silence on a dead connection.

const SILENCE_MS = 40_000; // the server says something, if only a comment, every 15 s

export class Refused extends Error {
  constructor(status) {
    super(`the server answered ${status}`);
    this.status = status;
  }
}

/** Read events until the server ends the stream. `on(event, data, id)` is called for each. */
export async function read(url, lastId, on, opened) {
  const gone = new AbortController();
  let watch = setTimeout(() => gone.abort(), SILENCE_MS);
  try {
    const headers = { Accept: "text/event-stream", ...(lastId && { "Last-Event-ID": lastId }) };
    const response = await fetch(url, { headers, cache: "no-store", redirect: "manual", signal: gone.signal });
    if (!response.ok) throw new Refused(response.status);
    opened();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    const parse = parser(on);
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      clearTimeout(watch);
      watch = setTimeout(() => gone.abort(), SILENCE_MS);
      parse(value);
    }
  } finally {
    clearTimeout(watch);
  }
}

function parser(on) {
  let rest = "", event = "message", data = [], id = null;
  const field = (line) => {
    if (line === "") {
      if (data.length) on(event, data.join("\n"), id);
      (event = "message"), (data = []), (id = null);
      return;
    }
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + (line[colon + 1] === " " ? 2 : 1));
    if (name === "event") event = value;
    else if (name === "data") data.push(value);
    else if (name === "id") id = value;
  };
  return (text) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop();
    for (const line of lines) field(line.endsWith("\r") ? line.slice(0, -1) : line);
  };
}
