import pytest

from seaway.cli.envfile import parse
from seaway.core.app import InvalidSetting


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A=1\n\n# comment\n  B = two words  \n", {"A": "1", "B": "two words"}),
        ("export A=1 # why\nB=a#b", {"A": "1", "B": "a#b"}),
        ('A=\'$x \\n\' # raw\nB="a\\nb\\"c"\n', {"A": "$x \\n", "B": 'a\nb"c'}),
        ('KEY="-----BEGIN-----\nabc\n-----END-----"\nB=1', {"KEY": "-----BEGIN-----\nabc\n-----END-----", "B": "1"}),
        ("EMPTY=\nQUOTED=''\nHASH= # nothing", {"EMPTY": "", "QUOTED": "", "HASH": ""}),
        ("FROM_HERE\nexport B=x=y", {"FROM_HERE": "here", "B": "x=y"}),
        ("", {}),
    ],
)
def test_files_read_as_dotenv_writes_them(text: str, found: dict[str, str]) -> None:
    assert parse(text, ".env", {"FROM_HERE": "here"}) == found


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("A=1\n=2", 2),
        ("A=1\nB-C=2", 2),
        ("A=1\n\nB='open", 3),
        ('A="x" y', 1),
        ("A=1\nNOT_SET", 2),
    ],
)
def test_what_is_wrong_is_told_with_its_line_and_without_its_value(text: str, line: int) -> None:
    with pytest.raises(InvalidSetting, match=rf"\.env, line {line}: ") as caught:
        parse(text, ".env", {})
    assert "'open" not in str(caught.value)
