"""What builds see of the machine's pip configuration."""

from seaway.builders.debian.pip_settings import for_builds


def test_where_packages_come_from_is_kept_and_places_of_this_machine_are_not() -> None:
    text = "[global]\nindex-url = https://mirror.example/simple\nfind-links = /wheels\ncert = /ca.crt\n"
    assert for_builds([text]) == "[global]\nindex-url = https://mirror.example/simple\n"


def test_of_two_files_the_last_one_wins_and_a_broken_one_is_none() -> None:
    first, last = "[global]\ntimeout = 5\n", "[install]\ntimeout = 9\n"
    assert for_builds([first, "not a configuration", last]) == "[global]\ntimeout = 9\n"
    assert for_builds(["[global]\nfind-links = /wheels\n"]) == ""
