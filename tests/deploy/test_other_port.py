"""An app that listens on a port of its own choice is served on that one, unless its owner named another."""

from tests.deploy.conftest import SHOP, House

from seaway.core.deployment import Status
from seaway.core.health import Listener, ProbeAnswer


def listens(house: House, monkeypatch, *listeners: Listener, answers_on: int = 8000) -> None:
    async def heard(instance: str) -> tuple[Listener, ...]:
        return listeners

    async def ask(address: str, port: int, path: str, host: str, timeout_s: float) -> ProbeAnswer:
        return ProbeAnswer(status=200) if port == answers_on else ProbeAnswer(error="refused")

    monkeypatch.setattr(house.engine, "listeners", heard)
    monkeypatch.setattr(house.probe, "ask", ask)


EVERYBODY = Listener("0.0.0.0", 8000)
ITSELF = Listener("127.0.0.1", 9229)


async def test_the_one_port_that_answers_is_the_releases_from_then_on(house, monkeypatch):
    listens(house, monkeypatch, EVERYBODY, ITSELF)
    done = await house.deploy()
    assert (done.status, done.finding) == (Status.LIVE, None)
    assert [s.port for s in house.proxy.table["shop"].servers] == [8000]
    assert [r.port for r in await house.ports.releases.of(SHOP)] == [8000]
    lines, _ = house.ports.log.read(done.id, 0, 1 << 20)
    assert any("port 8000, not on" in line.text for line in lines)


async def test_the_owners_word_counts_more(house, monkeypatch):
    listens(house, monkeypatch, EVERYBODY)
    failed = await house.deploy(port=3000)
    assert failed.status is Status.FAILED
    assert failed.finding.cause == "health.other_port"


async def test_of_several_ports_none_is_guessed(house, monkeypatch):
    listens(house, monkeypatch, EVERYBODY, Listener("::", 8001))
    assert (await house.deploy()).finding.cause == "health.other_port"


async def test_a_port_that_does_not_answer_is_none(house, monkeypatch):
    listens(house, monkeypatch, EVERYBODY, answers_on=1)
    assert (await house.deploy()).finding.cause == "health.other_port"
