"""Scale and variables: what changes, what is built for it, and that no request is lost."""

import time
from pathlib import Path

from e2e import machine
from e2e.apps import node_app
from e2e.server import Server, steps_of
from strict_client import Load

_TELLS = """
server.removeAllListeners("request");
server.on("request", (request, response) => {
  const text = `${process.env.HOSTNAME} ${process.env.A} ${process.env.B}`;
  request.resume();
  response.writeHead(200, { "Content-Length": text.length });
  response.end(text);
});
"""


def test_scaling_and_changing_variables_lose_no_request_and_build_only_what_they_must(
    server: Server, tmp_path: Path
) -> None:
    app = node_app(tmp_path / "app", "tells")
    (app / "server.js").write_text((app / "server.js").read_text() + _TELLS)
    server.deploy_live(app, "wide", "--env", "A=1")
    with Load(server.proxy, "wide.localhost", each=3, pause_s=0.03) as load:
        began = time.monotonic()
        said = server.seaway("scale", "wide", "3", "--json")
        print(f"\nscaled to 3 in {time.monotonic() - began:.1f} s")
        assert said.code == 0, said.err
        server.settled_containers("wide", 3)
        machine.wait_until(lambda: len(_hosts(server)) == 3, "all three answer")

        said = server.seaway("env", "set", "wide", "B=2", "--runtime", "--json")
        assert said.code == 0, said.err
        print(f"a run-time variable in {said.seconds:.1f} s")
        made = server.deployment(said.json["deployment"])
        assert (made["kind"], steps_of(made)["build"]) == ("configure", "skipped")
        assert server.ask("wide.localhost").body.endswith(" 1 2")

        said = server.seaway("scale", "wide", "1", "--json")
        assert said.code == 0, said.err
        server.settled_containers("wide")
    assert load.tally.failed == 0, load.tally.failures

    listed = server.seaway("env", "list", "wide").out
    assert "A     •••    build and run time" in listed
    assert "B     •••    run time" in listed
    said = server.seaway("env", "unset", "wide", "A", "--json")
    assert said.code == 0, said.err
    assert server.ask("wide.localhost").body.endswith(" undefined 2")
    assert server.seaway("destroy", "wide", "--yes").code == 0


def _hosts(server: Server) -> set[str]:
    return {server.ask("wide.localhost").body.split()[0] for _ in range(12)}
