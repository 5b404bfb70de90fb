"""Small apps that are built in about a second: of Node without dependencies, and of busybox with a Dockerfile."""

import json
from pathlib import Path

NODE = "22"

_SERVER = """const http = require("http");
const server = http.createServer((request, response) => {{
  let size = 0;
  request.on("data", (chunk) => {{ size += chunk.length; }});
  request.on("end", () => {{
    const body = "{text}";
    response.writeHead(200, {{ "Content-Type": "text/plain", "Content-Length": Buffer.byteLength(body) }});
    response.end(body);
  }});
}});
server.listen(process.env.PORT, "0.0.0.0", () => console.log("listening: {text}"));
process.on("SIGTERM", () => {{ console.log("asked to end"); server.close(() => process.exit(0)); }});
"""


def node_app(folder: Path, text: str = "hello", *, build: str = "", node: str = NODE) -> Path:
    """Answers `text`. `build` is its build script; without one there is nothing to build."""
    folder.mkdir(parents=True, exist_ok=True)
    scripts = {"start": "node server.js", **({"build": build} if build else {})}
    manifest = {"name": "small", "version": "1.0.0", "private": True, "engines": {"node": node}, "scripts": scripts}
    lock = {
        "name": "small",
        "version": "1.0.0",
        "lockfileVersion": 3,
        "requires": True,
        "packages": {"": {"name": "small", "version": "1.0.0", "engines": {"node": node}}},
    }
    (folder / "package.json").write_text(json.dumps(manifest, indent=2) + "\n")
    (folder / "package-lock.json").write_text(json.dumps(lock, indent=2) + "\n")
    (folder / "server.js").write_text(_SERVER.format(text=text))
    return folder


def busybox_app(folder: Path, base: str, command: str, *, run: str = "", files: dict[str, str] | None = None) -> Path:
    """A Dockerfile on `base` whose shell runs `command` in /www, where `files` are."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in {"index.html": "busybox", **(files or {})}.items():
        path = folder / "www" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
    lines = [f"FROM {base}", "COPY www /www", "WORKDIR /www", *([f"RUN {run}"] if run else [])]
    (folder / "Dockerfile").write_text("\n".join([*lines, f"CMD {json.dumps(['sh', '-c', command])}", ""]))
    return folder


SERVES = "exec httpd -f -p 0.0.0.0:$PORT -h /www"
