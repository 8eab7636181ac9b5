"""What must be unique in a configuration, and what may repeat."""

from collections.abc import Callable

import pytest

Problems = Callable[[str], list[str]]

TLS = 'certificate = "c"\nprivate_key = "k"\nclient_ca = "a"\n'


def tcp(address: str) -> str:
    return f'[[listener]]\ntcp = "{address}"\n{TLS}'


def token(name: str, *settings: str) -> str:
    return "\n".join(["[[token]]", f'name = "{name}"', *settings, ""])


def test_an_empty_file_lacks_a_listener_and_a_state_directory(problems: Problems) -> None:
    assert problems("") == [
        "f.toml: daemon.state_directory: is missing: the folder for the daemon's database.",
        "f.toml: listener: is missing: the daemon needs at least one [[listener]] to be of use.",
    ]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("0.0.0.0:7443", "0.0.0.0:7443"),
        ("[::1]:7443", "[0:0:0:0:0:0:0:1]:07443"),
        ("Host.example:7443", "host.EXAMPLE:7443"),
    ],
)
def test_one_address_for_two_listeners(
    problems: Problems, minimal: str, first: str, second: str
) -> None:
    assert problems(minimal + tcp(first) + tcp(second)) == [
        "f.toml:22: listener[2].tcp: is used twice: line 17 has it already."
    ]


def test_any_free_port_can_be_asked_for_twice(problems: Problems, minimal: str) -> None:
    assert problems(minimal + tcp("127.0.0.1:0") * 2 + tcp("127.0.0.1:1")) == []


def test_one_socket_for_two_listeners(problems: Problems, minimal: str) -> None:
    again = '[[listener]]\nunix = "/etc/signetd/signetd.sock"\nidentity = "local-app"\n'
    assert problems(minimal + again) == [
        "f.toml:17: listener[1].unix: is used twice: line 5 has it already."
    ]


def test_one_name_for_two_tokens(problems: Problems, minimal: str) -> None:
    assert problems(minimal + token("hsm1", 'module = "n"', 'label = "other"')) == [
        "f.toml:17: token[1].name: is used twice: line 13 has it already."
    ]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (['label = "a"'], ['label = "a"']),
        (['serial = "1"'], ['serial = "1"']),
        (['label = "a"', 'serial = "1"'], ['label = "a"', 'serial = "1"']),
        (['label = "a"'], ['label = "a"', 'serial = "1"']),
        (['label = "a"', 'environment.A = "1"'], ['environment = { A = "1" }', 'label = "a"']),
    ],
)
def test_two_entries_for_one_token(
    problems: Problems, minimal: str, first: list[str], second: list[str]
) -> None:
    module = 'module = "/m"'
    [found] = problems(minimal + token("a", module, *first) + token("b", module, *second))
    assert "token[2]: finds the same token as the [[token]] on line 16: the module is the" in found


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (['label = "a"'], ['label = "b"']),
        (['label = "a"'], ['serial = "1"']),
        (['label = "a"', 'serial = "1"'], ['label = "a"', 'serial = "2"']),
        (['label = "a"', 'environment.A = "1"'], ['label = "a"', 'environment.A = "2"']),
        (['label = "a"', 'environment.A = "1"'], ['label = "a"']),
    ],
)
def test_two_tokens_of_one_module(
    problems: Problems, minimal: str, first: list[str], second: list[str]
) -> None:
    module = 'module = "/m"'
    assert problems(minimal + token("a", module, *first) + token("b", module, *second)) == []


def test_one_label_in_two_modules(problems: Problems, minimal: str) -> None:
    assert problems(minimal + token("b", 'module = "other.so"', 'label = "signing"')) == []


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ("default_deadline = 301", "default_deadline"),
        ("max_deadline = 29.5", "max_deadline"),
        ("default_deadline = 11\nmax_deadline = 10", "max_deadline"),
    ],
)
def test_the_largest_deadline_is_not_below_the_default(
    problems: Problems, minimal: str, options: str, named: str
) -> None:
    (problem,) = problems(f"{minimal}[limits]\n{options}\n")
    assert f"limits.{named}: must fit: default_deadline is " in problem


def test_deadlines_may_be_equal_and_a_refused_one_is_reported_once(
    problems: Problems, minimal: str
) -> None:
    equal = "[limits]\ndefault_deadline = 5\nmax_deadline = 5\n"
    assert problems(minimal + equal) == []
    (problem,) = problems(minimal + "[limits]\nmax_deadline = 0\n")
    assert "must be a number of seconds greater than 0 and at most 3600" in problem
