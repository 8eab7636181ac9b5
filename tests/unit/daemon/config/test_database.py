"""The table of the database: its address, which never has a password, and the daemon's name."""

from collections.abc import Callable
from pathlib import Path

import pytest

from signetd.daemon.config import Config, PostgresUrl, check_files, load_text

Problems = Callable[[str], list[str]]
Read = Callable[[str], Config]


def test_without_the_table_the_database_is_sqlite(read: Read, minimal: str) -> None:
    config = read(minimal)
    assert config.database.url is None
    assert (config.daemon.name, config.database.pool, config.database.call_timeout) == (
        "signetd",
        4,
        10,
    )


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("postgresql://u@h/d", PostgresUrl("u", "h", "", "d")),
        ("postgres://u@h:5433/d", PostgresUrl("u", "h", "5433", "d")),
        ("postgresql://u@[::1]:1/d", PostgresUrl("u", "::1", "1", "d")),
        ("postgresql://u%40x@/d?host=/run/pg", PostgresUrl("u@x", "/run/pg", "", "d")),
        ("postgresql://u@h/d?host=/run/pg", PostgresUrl("u", "/run/pg", "", "d")),
        ("postgresql://u@/d?host=a,b&port=1,2", PostgresUrl("u", "a,b", "1,2", "d")),
        (
            "postgresql://u@h/d?sslmode=require",
            PostgresUrl("u", "h", "", "d", (("sslmode", "require"),)),
        ),
    ],
)
def test_addresses(read: Read, minimal: str, text: str, url: PostgresUrl) -> None:
    assert read(f'{minimal}[database]\nurl = "{text}"\n').database.url == url
    assert url.is_local == url.host.startswith("/")


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://u:hunter2@h/d",
        "postgresql://u:@h/d",
        "postgresql://u@h/d?password=hunter2",
        "postgresql://u@h/d?PASSWORD=hunter2&bad=1",
        "mysql://u:hunter2@h/d",
        "postgresql://u@h/d?passfile=hunter2",
    ],
)
def test_a_password_in_the_address_is_refused_and_not_shown(
    problems: Problems, minimal: str, text: str
) -> None:
    (problem,) = problems(f'{minimal}[database]\nurl = "{text}"\n')
    assert "database.url: must not contain a password" in problem
    assert "password_file" in problem
    assert "hunter2" not in problem


@pytest.mark.parametrize("slip", ["u:hunter2/x@h/d", "u:12?hunter2@h/d", "u:1#hunter2@h/d"])
def test_a_password_that_is_not_escaped_is_not_shown(
    problems: Problems, minimal: str, slip: str
) -> None:
    (problem,) = problems(f'{minimal}[database]\nurl = "postgresql://{slip}"\n')
    assert "hunter2" not in problem


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must begin with postgresql://"),
        ("sqlite:///f", "must begin with postgresql://"),
        ("postgresql://h/d", "must name a user and a database"),
        ("postgresql://u@h", "must name a user and a database"),
        ("postgresql://u@/d", "must name the server"),
        ("postgresql://u@h:x/d", "must be an address such as"),
        ("postgresql://u@h:0/d", "must have a port from 1 to 65535"),
        ("postgresql://u@h/d?port=70000", "must have a port from 1 to 65535"),
        ("postgresql://u@h/d?options=-c%20fsync", "may only have the options channel_binding"),
        ("postgresql://u@h/d?host=a&host=b", "has the option host twice"),
        ("postgresql://u@h/d%00", "must not contain control characters"),
        ("postgresql://u@h/d#e", "must not contain #"),
    ],
)
def test_other_addresses_are_refused(
    problems: Problems, minimal: str, text: str, message: str
) -> None:
    (problem,) = problems(f'{minimal}[database]\nurl = "{text}"\n')
    assert f"database.url: {message}" in problem


def test_a_password_as_an_option_is_told_where_it_belongs(problems: Problems, minimal: str) -> None:
    (problem,) = problems(f'{minimal}[database]\npassword = "hunter2"\n')
    assert "name that file with password_file." in problem
    assert "hunter2" not in problem


def test_a_password_file_needs_a_server(problems: Problems, minimal: str) -> None:
    (problem,) = problems(f'{minimal}[database]\npassword_file = "f"\n')
    assert "database.password_file: needs url" in problem


def test_the_password_file_is_checked_like_a_pin_file(tmp_path: Path, minimal: str) -> None:
    table = '[database]\nurl = "postgresql://u@h/d"\npassword_file = "secret"\n'
    config = load_text(minimal + table, tmp_path, "f.toml")

    def found() -> list[str]:
        return [str(p) for p in check_files(config) if p.path == ("database", "password_file")]

    assert "does not exist" in found()[0]
    (tmp_path / "secret").touch(mode=0o640)
    (tmp_path / "secret").chmod(0o640)
    assert "has mode 0640, which is open to other users: run chmod 600" in found()[0]
    (tmp_path / "secret").chmod(0o700)
    assert "a password file has at most mode 0600" in found()[0]
    (tmp_path / "secret").chmod(0o600)
    assert found() == []


def test_the_name_of_the_daemon_is_plain(problems: Problems, minimal: str) -> None:
    text = minimal.replace("[daemon]\n", '[daemon]\nname = "Seal 1"\n')
    (problem,) = problems(text)
    assert "daemon.name: must be a name of at most 63 lower-case letters" in problem
