"""Challenges: every shape that registries were seen to send, and text that is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seaway.core.challenge import Challenge, parse_challenges


@pytest.mark.parametrize(
    ("fields", "then"),
    [
        (
            ['Bearer realm="https://ghcr.io/token",service="ghcr.io",scope="repository:user/image:pull"'],
            [
                Challenge(
                    "bearer",
                    {
                        "realm": "https://ghcr.io/token",
                        "service": "ghcr.io",
                        "scope": "repository:user/image:pull",
                    },
                )
            ],
        ),
        (
            ['Bearer realm="https://a/t" , service=plain,scope="repository:a/b:pull,push"'],
            [Challenge("bearer", {"realm": "https://a/t", "service": "plain", "scope": "repository:a/b:pull,push"})],
        ),
        (['BASIC realm="Sonatype Nexus"'], [Challenge("basic", {"realm": "Sonatype Nexus"})]),
        (
            ['Basic realm="one", Bearer realm="https://two/t"'],
            [Challenge("basic", {"realm": "one"}), Challenge("bearer", {"realm": "https://two/t"})],
        ),
        (
            ['Basic realm="one"', 'bearer Realm="https://two/t"'],
            [Challenge("basic", {"realm": "one"}), Challenge("bearer", {"realm": "https://two/t"})],
        ),
        (['Bearer realm="say \\"hi\\", then go"'], [Challenge("bearer", {"realm": 'say "hi", then go'})]),
        (["Negotiate", "Basic realm=x"], [Challenge("negotiate"), Challenge("basic", {"realm": "x"})]),
        (["Negotiate, Basic realm=x"], [Challenge("negotiate"), Challenge("basic", {"realm": "x"})]),
        (
            ['NTLM TlRMTVNTUAAB==, Bearer realm="r"'],
            [Challenge("ntlm"), Challenge("bearer", {"realm": "r"})],
        ),
        (['Bearer realm="unclosed'], [Challenge("bearer", {"realm": "unclosed"})]),
        (['Bearer x-new="1",realm="r"'], [Challenge("bearer", {"x-new": "1", "realm": "r"})]),
        (['Bearer realm="first",realm="second"'], [Challenge("bearer", {"realm": "first"})]),
        (
            ["Bearer realm=https://a/t?x=1, service=s"],
            [Challenge("bearer", {"realm": "https://a/t?x=1", "service": "s"})],
        ),
        ([", ,"], []),
        ([""], []),
        (['realm="no scheme"'], []),
    ],
)
def test_challenges_are_read_as_they_are_written(fields, then):
    assert list(parse_challenges(fields)) == then


@given(st.lists(st.text(), max_size=4))
def test_no_text_makes_the_parser_fail(fields):
    for challenge in parse_challenges(fields):
        assert challenge.scheme == challenge.scheme.lower()


@given(st.text(alphabet=' \t,="\\Basicrealm1:/;', max_size=60))
def test_no_text_of_challenge_letters_makes_it_fail(text):
    parse_challenges([text])


_NAME = st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True)
_VALUE = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)


def quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


@given(st.lists(st.tuples(_NAME, st.dictionaries(_NAME, _VALUE, min_size=1, max_size=4)), min_size=1, max_size=4))
def test_what_is_written_by_the_rules_is_read_back(challenges):
    text = ", ".join(
        scheme + " " + ", ".join(f"{name}={quoted(value)}" for name, value in parameters.items())
        for scheme, parameters in challenges
    )
    assert list(parse_challenges([text])) == [Challenge(scheme, parameters) for scheme, parameters in challenges]
