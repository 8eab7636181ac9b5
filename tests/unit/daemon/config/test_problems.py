"""Every kind of mistake in a configuration, with the line and the sentence that it gets."""

from collections.abc import Callable

import pytest

Problems = Callable[[str], list[str]]


def test_the_minimal_file_has_no_problem(problems: Problems, minimal: str) -> None:
    assert problems(minimal) == []


def test_all_problems_are_reported_in_the_order_of_their_lines(problems: Problems) -> None:
    found = problems(
        """\
drain_timeout = 5
[daemon]
drain-timeout = 5
state_directory = 7
[listner]
[[listener]]
unix = "s"
identity = " local-app"
mode = "0666"
[[listener]]
tcp = "0.0.0.0:99999"
identity = "local-app"
[access]
first_security_admin = 5
destroy_approvals = 17
[[token]]
name = "HSM"
module = "~/m.so"
[[token]]
name = "b"
module = "m"
label = "l"
workers = 65
[token.environment]
queue = 5
"""
    )
    assert [":".join(line.split(":")[1:3]) for line in found] == [
        "1: drain_timeout",
        "3: daemon.drain-timeout",
        "4: daemon.state_directory",
        "5: listner",
        "8: listener[0].identity",
        "9: listener[0].mode",
        "10: listener[1].certificate",
        "10: listener[1].private_key",
        "10: listener[1].client_ca",
        "11: listener[1].tcp",
        "12: listener[1].identity",
        "14: access.first_security_admin",
        "15: access.destroy_approvals",
        "16: token[0]",
        "17: token[0].name",
        "18: token[0].module",
        "23: token[1].workers",
        "25: token[1].environment.queue",
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            'state_directory = "state"',
            'state_directory = "state"\ndrain-time = 1',
            "f.toml:3: daemon.drain-time: is not an option of [daemon]; did you mean "
            "drain_timeout?",
        ),
        (
            "[daemon]",
            "queue = 1\n[daemon]",
            "f.toml:1: queue: is not an option of the configuration; it belongs in [[token]].",
        ),
        (
            "[daemon]",
            "[daemon]\ncolour = 1",
            "f.toml:2: daemon.colour: is not an option of [daemon]; its options are "
            "drain_timeout, name, profiles, state_directory.",
        ),
        (
            "[daemon]",
            '[daemon]\n"a\\u001bb]" = 1',
            'f.toml:2: daemon."a\\u001bb]": is not an option of [daemon]; its options are '
            "drain_timeout, name, profiles, state_directory.",
        ),
        (
            'identity = "local-app"',
            'identity = "local-app"\nclient_ca = "x"',
            "f.toml:7: listener[0].client_ca: is not an option of [[listener]] with unix; it "
            "belongs in [[listener]] with tcp.",
        ),
        (
            'unix = "signetd.sock"',
            'unix = "signetd.sock"\ntcp = "a:1"\ncert = "x"',
            "f.toml:4: listener[0]: must have exactly one of tcp and unix; it has both.\n"
            "f.toml:7: listener[0].cert: is not an option of [[listener]]; did you mean "
            "certificate?",
        ),
        (
            'unix = "signetd.sock"\n',
            "",
            "f.toml:4: listener[0]: must have exactly one of tcp and unix; it has neither.",
        ),
        (
            "[[token]]",
            "[[token]]\ntimeout = 1",
            "f.toml:13: token[0].timeout: is not an option of [[token]]; did you mean "
            "generate_timeout or request_timeout or start_timeout?",
        ),
        (
            'identity = "local-app"\n',
            "",
            "f.toml:4: listener[0].identity: is missing: an identity's name: 1 to 255 "
            "characters, without control characters and without blanks at its ends, and not "
            "groups/….",
        ),
        (
            'label = "signing"\n',
            "",
            "f.toml:12: token[0]: must have a label or a serial, so that the token can be found.",
        ),
        (
            'label = "signing"',
            'label = "电子印章电子印章电子印"',
            "f.toml:15: token[0].label: is 33 bytes long in UTF-8; a token's label has at most 32.",
        ),
        (
            'label = "signing"',
            'label = "signing"\nenvironment = "SO_PIN=73519428"',
            "f.toml:16: token[0].environment: must be a table of strings: write "
            "[token.environment], not a string.",
        ),
        ("[daemon]", "log = 5\n[daemon]", "f.toml:1: log: must be a table: write [log]."),
        (
            "[access]",
            '[[identity]]\nname = "a"\n[access]',
            "f.toml:8: identity: is not in the configuration: identities, with their roles and "
            "grants, are in the database. Name the first security administrator with "
            "first_security_admin in [access], or with signetd init; who then runs signetctl "
            "access identity add.",
        ),
        (
            "[daemon]",
            "[daemon]\ndrain_timeout = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
            "f.toml:2: daemon.drain_timeout: must be a number of seconds from 0 to 600, not so "
            "large a number.",
        ),
    ],
)
def test_a_mistake_has_its_line_and_a_way_out(
    problems: Problems, minimal: str, old: str, new: str, expected: str
) -> None:
    assert old in minimal
    assert "\n".join(problems(minimal.replace(old, new, 1))) == expected


@pytest.mark.parametrize("name", ["listener", "token"])
def test_an_item_that_is_no_table_is_refused(problems: Problems, name: str) -> None:
    found = problems(f'{name} = [\n5]\n[daemon]\nstate_directory = "s"\n')
    assert f"f.toml:2: {name}[0]: must be a table: write [[{name}]]." in found


@pytest.mark.parametrize(
    ("table", "setting"),
    [
        ("[daemon]", "drain_timeout = -0.1"),
        ("[daemon]", "drain_timeout = 600.1"),
        ("[daemon]", "drain_timeout = nan"),
        ("[daemon]", "drain_timeout = inf"),
        ("[daemon]", "drain_timeout = true"),
        ("[daemon]", 'drain_timeout = "10"'),
        ("[log]", "format = 'text'"),
        ("[log]", "level = 'INFO'"),
        ("[[listener]]", "mode = '600 '"),
        ("[[listener]]", "mode = '0o600'"),
        ("[[listener]]", "mode = '4600'"),
        ("[[listener]]", "mode = '0680'"),
        ("[[listener]]", "mode = 0o600"),
        ("[[listener]]", "mode = '0601'"),
        ("[[listener]]", "owner = -1"),
        ("[[listener]]", "owner = 4294967295"),
        ("[[listener]]", "owner = ''"),
        ("[[listener]]", 'group = "a\\u0000b"'),
        ("[[listener]]", "group = 1.0"),
        ("[[token]]", "serial = '12345678901234567'"),
        ("[[token]]", "serial = '序'"),
        ("[[token]]", "serial = ''"),
        ("[[token]]", "serial = 'padded '"),
        ("[[token]]", "profile = '../x'"),
        ("[[token]]", "profile = 1970-01-01"),
        ("[[token]]", "workers = 0"),
        ("[[token]]", "workers = 65"),
        ("[[token]]", "workers = 1.0"),
        ("[[token]]", "request_timeout = 0"),
        ("[[token]]", "request_timeout = 601"),
        ("[[token]]", "generate_timeout = 0"),
        ("[[token]]", "queue = 0"),
        ("[[token]]", "queue = 65537"),
        ("[[token]]", "queue_per_client = 0"),
        ("[[token]]", "queue_per_client = 65537"),
        ("[[token]]", "check_interval = 0.1"),
        ("[[token]]", "check_interval = 61"),
        ("[[token]]", "check_interval = nan"),
        ("[[token]]", "quarantine_after = 0"),
        ("[[token]]", "quarantine_after = 1001"),
        ("[[token]]", "quarantine_after = 2.0"),
        ("[[token]]", "recycle_seconds = -1"),
        ("[[token]]", "recycle_seconds = 2592001"),
        ("[[token]]", "recycle_operations = -1"),
        ("[[token]]", "recycle_operations = 1000000001"),
        ("[[token]]", "recycle_growth_mebibytes = -1"),
        ("[[token]]", "recycle_growth_mebibytes = 65537"),
        ("[[token]]", "recycle_growth_mebibytes = '256M'"),
        ("[[token]]", "memory_limit_mebibytes = 63"),
        ("[[token]]", "memory_limit_mebibytes = 0"),
        ("[[token]]", "memory_limit_mebibytes = 65537"),
        ("[[token]]", "pin_file = ''"),
        ("[[token]]", "pin_file = '~/pin'"),
        ("[[token]]", 'pin_file = "a\\u0000b"'),
        ("[[token]]", "pin_file = ['a']"),
    ],
)
def test_a_value_outside_its_limits_is_refused_where_it_is(
    problems: Problems, minimal: str, table: str, setting: str
) -> None:
    text = f"[log]\n{minimal}".replace(table, f"{table}\n{setting}", 1)
    key, value = setting.split(" = ")
    line = text.splitlines().index(setting) + 1
    [found] = problems(text)
    assert found.startswith(f"f.toml:{line}: ")
    assert f".{key}: must" in found, f"{value} is accepted or its message does not say what to do"


@pytest.mark.parametrize(
    "name", ["", "A", "1a", "a-", "-a", "a_b", "a b", "a\\n", "ä", "a" * 64, "a/b", "a.b"]
)
def test_a_token_name_keeps_to_its_pattern(problems: Problems, minimal: str, name: str) -> None:
    [found] = problems(minimal.replace('name = "hsm1"', f'name = "{name}"'))
    assert "f.toml:13: token[0].name: must be a name of at most 63 lower-case letters" in found


@pytest.mark.parametrize("name", ["a", "a1", "hsm-1", "a" * 63])
def test_a_token_name_can_be_any_dashed_name(problems: Problems, minimal: str, name: str) -> None:
    assert problems(minimal.replace('name = "hsm1"', f'name = "{name}"')) == []


@pytest.mark.parametrize("name", ["", " a", "a ", "a\\tb", "a\\n", "a" * 256, "groups/a"])
def test_an_identity_name_is_clean_text(problems: Problems, minimal: str, name: str) -> None:
    [found] = problems(minimal.replace('admin = "local-app"', f'admin = "{name}"'))
    assert "f.toml:9: access.first_security_admin: must be an identity's name: 1 to 255" in found


@pytest.mark.parametrize("key", ["pin", "PIN", "user-pin", "so_pin", "password"])
def test_a_pin_in_the_file_is_refused_and_never_shown(
    problems: Problems, minimal: str, key: str
) -> None:
    [found] = problems(f'{minimal}{key} = "73519428"\n')
    assert f"f.toml:16: token[0].{key}: a PIN or password is never written" in found
    assert "73519428" not in found


@pytest.mark.parametrize("value", ['"73519428"', "73519428", "'73519428'"])
def test_a_pin_in_place_of_its_file_is_refused_and_never_shown(
    problems: Problems, minimal: str, value: str
) -> None:
    [found] = problems(f"{minimal}pin_file = {value}\n")
    assert found.startswith("f.toml:16: token[0].pin_file: must ")
    assert "73519428" not in found


def test_an_environment_value_is_never_shown(problems: Problems, minimal: str) -> None:
    [found] = problems(f"{minimal}environment = {{ A = 73519428 }}\n")
    assert found == "f.toml:16: token[0].environment.A: must be a string in quotes."
