"""Which of the machine's sources of packages serve a release."""

from pathlib import Path

import pytest

from seaway.doors.apt_sources import UnknownSystem, proxies, serves, stanza_serves, suite_of, written

STANZA = "Types: deb\nURIs: http://mirror.example/debian\nSuites: trixie trixie-updates\nComponents: main\n"


@pytest.mark.parametrize(
    ("line", "does"),
    [
        ("deb http://mirror.example/debian trixie main", True),
        ("deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian trixie-security main", True),
        ("deb-src http://mirror.example/debian trixie main", False),
        ("# deb http://mirror.example/debian trixie main", False),
        ("deb http://mirror.example/debian bookworm main", False),
        ("deb file:/srv/packages trixie main", False),
        ("deb", False),
    ],
)
def test_a_line_serves_the_release_that_it_names(line: str, does: bool) -> None:
    assert serves(line, "trixie") is does


@pytest.mark.parametrize(
    ("stanza", "does"),
    [
        (STANZA, True),
        (STANZA + "Enabled: no\n", False),
        (STANZA.replace("Types: deb", "Types: deb-src"), False),
        (STANZA.replace("trixie-updates", "bookworm"), False),
        (STANZA.replace("http://mirror.example/debian", "file:/srv/packages"), False),
        ("# nothing\n", False),
    ],
)
def test_a_stanza_serves_the_releases_that_it_names(stanza: str, does: bool) -> None:
    assert stanza_serves(stanza, "trixie") is does


def test_only_entries_of_the_release_are_taken_over(tmp_path: Path) -> None:
    folder = tmp_path / "etc/apt/sources.list.d"
    folder.mkdir(parents=True)
    (folder / "debian.sources").write_text(f"{STANZA}\n{STANZA.replace('trixie', 'bookworm')}")
    (folder / "docker.list").write_text("deb http://other.example/docker bookworm stable\n")
    assert [path.read_text() for path in written(tmp_path, "trixie", tmp_path)] == [STANZA]


def test_a_system_that_does_not_name_its_release_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnknownSystem, match="VERSION_CODENAME"):
        suite_of(tmp_path)


def test_the_release_is_the_code_name(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/os-release").write_text('NAME="Debian"\nVERSION_CODENAME="trixie"\n')
    assert suite_of(tmp_path) == "trixie"


def test_the_machines_proxy_is_found_and_one_with_a_login_is_left_out(tmp_path: Path) -> None:
    folder = tmp_path / "etc/apt/apt.conf.d"
    folder.mkdir(parents=True)
    (folder / "01proxy").write_text(
        '// Acquire::http::Proxy "http://old:1";\nAcquire::http::Proxy "http://proxy:3128";\n'
    )
    (folder / "02login").write_text('Acquire::https::Proxy "http://me:secret@proxy:3128";\n')
    assert proxies(tmp_path) == ['Acquire::http::Proxy "http://proxy:3128"']
    assert proxies(tmp_path / "nothing") == []
