import json
from pathlib import Path

import pytest

from seaway.cli.address import BadConfig, NoServer, Server, config_path, find_server
from seaway.core.secret import Secret

HERE = "http://127.0.0.1:7100"
AWAY = "https://seaway.example.org"


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path / "home"), "SEAWAY_HOME": str(tmp_path / "seaway")}


def write_config(env: dict[str, str], text: str) -> Path:
    path = config_path(env)
    path.parent.mkdir(parents=True)
    path.write_text(text)
    return path


def write_home(env: dict[str, str]) -> Path:
    home = Path(env["SEAWAY_HOME"])
    home.mkdir()
    (home / "server.json").write_text(json.dumps({"url": HERE}))
    (home / "token").write_text("local\n")
    return home


def test_the_environment_comes_first(env: dict[str, str]) -> None:
    write_config(env, f'url = "{HERE}"\ntoken = "file"')
    found = find_server({**env, "SEAWAY_URL": f"{AWAY}/", "SEAWAY_TOKEN": "said"})
    assert found == Server(AWAY, Secret("said"), "SEAWAY_URL")


def test_then_the_file_and_then_the_servers_own_folder(env: dict[str, str]) -> None:
    home = write_home(env)
    assert find_server(env) == Server(HERE, Secret("local"), str(home / "server.json"))
    config = write_config(env, f'url = "{AWAY}"\ntoken = "file"')
    assert find_server(env) == Server(AWAY, Secret("file"), str(config))


def test_an_address_from_the_environment_never_gets_the_token_of_another_one(env: dict[str, str]) -> None:
    write_config(env, f'url = "{AWAY}"\ntoken = "file"')
    with pytest.raises(NoServer, match="There is no token for https://elsewhere"):
        find_server({**env, "SEAWAY_URL": "https://elsewhere.example.org"})
    assert find_server({**env, "SEAWAY_URL": AWAY}).token == Secret("file")


def test_a_token_from_the_environment_goes_to_the_address_of_the_file(env: dict[str, str]) -> None:
    write_config(env, f'url = "{AWAY}"')
    assert find_server({**env, "SEAWAY_TOKEN": "said"}).url == AWAY


def test_with_nothing_written_it_says_what_to_do_on_the_server_and_elsewhere(env: dict[str, str]) -> None:
    with pytest.raises(NoServer) as caught:
        find_server(env)
    assert "seaway serve" in caught.value.remedy
    assert "SEAWAY_URL" in caught.value.remedy


def test_a_server_whose_token_is_not_for_us_asks_for_root(env: dict[str, str]) -> None:
    (write_home(env) / "token").unlink()
    with pytest.raises(NoServer, match="Run this with sudo"):
        find_server(env)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("url = ", "is not TOML"),
        ("url = 3", "url is not a text"),
        ('url = "seaway.example.org"\ntoken = "t"', "is no address"),
        ('url = "https://u:p@seaway.example.org"\ntoken = "t"', "holds a user name or password"),
        ('url = "https://seaway.example.org"\ntoken = "two words"', "characters that no token has"),
    ],
)
def test_a_broken_file_is_told_without_the_token(env: dict[str, str], text: str, why: str) -> None:
    write_config(env, text)
    with pytest.raises(BadConfig, match=why) as caught:
        find_server(env)
    assert "two words" not in str(caught.value)


def test_a_token_in_the_clear_over_a_network_is_noticed() -> None:
    assert Server("http://seaway.example.org", Secret("t"), "").is_plain_abroad
    assert not Server("http://127.0.0.1:7100", Secret("t"), "").is_plain_abroad
    assert not Server(AWAY, Secret("t"), "").is_plain_abroad
