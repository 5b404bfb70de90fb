"""Release commands and volumes with real containers."""

from pathlib import Path

from e2e import machine
from e2e.apps import node_app
from e2e.server import Server

_KEEPS = """
const fs = require("fs");
server.removeAllListeners("request");
server.on("request", (request, response) => {
  request.resume();
  const body = fs.existsSync("/data/note") ? fs.readFileSync("/data/note", "utf8") : "empty";
  response.writeHead(200, { "Content-Length": body.length });
  response.end(body);
});
"""


def keeping(folder: Path, text: str) -> Path:
    app = node_app(folder, text)
    (app / "server.js").write_text((app / "server.js").read_text() + _KEEPS)
    return app


def test_what_a_release_command_writes_into_a_volume_outlives_releases(server: Server, tmp_path: Path) -> None:
    options = ("--volume", "data:/data:exclusive", "--release-command", "echo noted; echo $WORD > /data/note")
    made = server.deploy_live(keeping(tmp_path / "app", "one"), "keeper", "--env", "WORD=kept", *options)
    assert server.ask("keeper.localhost").body.strip() == "kept"
    assert "noted" in server.deployment_log(made["deployment"])
    server.settled_containers("keeper")
    second = server.deploy_live(keeping(tmp_path / "app", "two"), "keeper", "--release-command", "")
    assert "stopping the old release first" in server.deployment_log(second["deployment"])
    assert server.ask("keeper.localhost").body.strip() == "kept"
    said = server.deploy(keeping(tmp_path / "app", "three"), "keeper", "--release-command", "echo not today; exit 7")
    assert said.code == 1
    assert said.json["finding"]["cause"] == "release_command.failed"
    assert "| not today" in said.json["finding"]["evidence"]
    assert server.ask("keeper.localhost").body.strip() == "kept"
    assert len(server.settled_containers("keeper")) == 1
    assert server.seaway("destroy", "keeper", "--yes").code == 0
    left = machine.docker("volume", "ls", "-q", "--filter", f"label=seaway.instance={server.instance}")
    assert left == ""
