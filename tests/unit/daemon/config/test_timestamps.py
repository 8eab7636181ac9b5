"""The table of the time-stamping authorities: addresses without secrets, files in order."""

from collections.abc import Callable
from pathlib import Path

import pytest

from signetd.daemon.config import Config, TsaUrl, check_files, load_text
from tests.unit.pki import forest

Problems = Callable[[str], list[str]]
Read = Callable[[str], Config]
TABLE = '[timestamps]\nurls = ["https://tsa.example/tsa"]\ntrust = "authorities"\n'


def test_without_the_table_there_are_no_time_stamps(read: Read, minimal: str) -> None:
    assert read(minimal).timestamps is None


def test_defaults(read: Read, minimal: str) -> None:
    found = read(minimal + TABLE).timestamps
    assert found is not None
    assert found.urls == (TsaUrl(True, "tsa.example", 443, "/tsa"),)
    assert found.trust == Path("/etc/signetd/authorities")
    assert (found.hash, found.on_failure, found.attempt_timeout) == ("sm3", "refuse", 5)
    assert (found.policy, found.user, found.client_certificate) == (None, None, None)


@pytest.mark.parametrize(
    ("text", "url", "shown"),
    [
        ("http://Tsa.Example", (False, "tsa.example", 80, "/"), "http://tsa.example/"),
        ("http://h:8080/a?b=c", (False, "h", 8080, "/a?b=c"), "http://h:8080/a"),
        ("https://[::1]:443/a", (True, "::1", 443, "/a"), "https://[::1]/a"),
        ("https://192.0.2.1/", (True, "192.0.2.1", 443, "/"), "https://192.0.2.1/"),
    ],
)
def test_addresses(text: str, url: tuple[bool, str, int, str], shown: str) -> None:
    assert TsaUrl.parse(text) == TsaUrl(*url)
    assert str(TsaUrl.parse(text)) == shown


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "https://"),
        ("tsa.example", "begin with https://"),
        ("ftp://tsa.example/", "begin with https://"),
        ("https:///tsa", "name a host"),
        ("https://a..b/", "name a host"),
        ("https://tsa.example:0/", "port from 1"),
        ("https://tsa.example:99999/", "addresses such as"),
        ("https://tsa.example/#a", "#"),
        ("https://tsa.example/\\u0001", "ASCII"),
        ("https://tsa.example/时", "ASCII"),
        ("https://tsa.example/a b", "ASCII"),
        (f"https://tsa.example/{'a' * 2048}", "2048"),
    ],
)
def test_what_is_no_address(problems: Problems, minimal: str, text: str, says: str) -> None:
    (found,) = problems(minimal + TABLE.replace("https://tsa.example/tsa", text))
    assert "timestamps" in found
    assert says in found


@pytest.mark.parametrize(
    "text",
    [
        "https://u:hunter2@tsa.example/",
        "https://hunter2@tsa.example/",
        "https://tsa.example/?key=hunter2",
        "https://tsa.example/?Password=hunter2",
        "nonsense://u:hunter2@tsa.example:99/#",
    ],
)
def test_a_secret_in_an_address_is_refused_and_not_shown(
    problems: Problems, minimal: str, text: str
) -> None:
    (found,) = problems(minimal + TABLE.replace("https://tsa.example/tsa", text))
    assert "password_file" in found
    assert "hunter2" not in found


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('["https://tsa.example/tsa"]', "[]", "1 to 8"),
        ('["https://tsa.example/tsa"]', '"https://hunter2@x/"', "a list of 1 to 8 addresses"),
        ('["https://tsa.example/tsa"]', '[1, "https://hunter2@x/"]', "a list of 1 to 8 addresses"),
        ('["https://tsa.example/tsa"]', str([f"https://t{i}/" for i in range(9)]), "1 to 8"),
        ('["https://tsa.example/tsa"]', '["https://t/", "https://t:443/"]', "twice"),
        ("trust", 'hash = "md5"\ntrust', '"sm3" or "sha256"'),
        ("trust", 'policy = "1.2.x"\ntrust', "an object identifier"),
        ("trust", 'policy = "9"\ntrust', "an object identifier"),
        ("trust", "attempt_timeout = 0\ntrust", "greater than 0"),
        ("trust", 'on_failure = "ignore"\ntrust', '"refuse" or "degrade"'),
        ("trust", 'user = "a:b"\npassword_file = "p"\ntrust', "without blanks and colons"),
        ("trust", 'user = "a"\ntrust', "needs password_file"),
        ("trust", 'password_file = "a"\ntrust', "needs user"),
        ("trust", 'client_key = "a"\ntrust', "needs client_certificate"),
        ("trust", 'client_certificate = "a"\ntrust', "needs client_key"),
        ("trust", 'password = "hunter2"\ntrust', "password_file"),
        ("trust", 'trusted = "a"\ntrust', "did you mean trust?"),
        ('trust = "authorities"', "", "is missing"),
        ("[timestamps]", "[[timestamps]]", "must be a table"),
    ],
)
def test_problems(problems: Problems, minimal: str, old: str, new: str, says: str) -> None:
    found = problems(minimal + TABLE.replace(old, new, 1))
    assert len(found) == 1, found
    assert says in found[0]
    assert "hunter2" not in found[0]


@pytest.mark.parametrize(
    "option",
    ['user = "a"\npassword_file = "p"', 'client_certificate = "a"\nclient_key = "b"',
     'server_ca = "a"'],
)  # fmt: skip
def test_nothing_is_shown_over_http(problems: Problems, minimal: str, option: str) -> None:
    text = TABLE.replace("https", "http").replace("trust", f"{option}\ntrust", 1)
    (found,) = problems(minimal + text)
    assert "https only" in found


def test_files(tmp_path: Path) -> None:
    def check(more: str = "") -> list[str]:
        text = '[daemon]\nstate_directory = "state"\n[[listener]]\nunix = "s"\nidentity = "a"\n'
        config = load_text(text + TABLE + more, tmp_path)
        return [str(each).replace(str(tmp_path), "") for each in check_files(config)]

    (found,) = check()
    assert "the folder cannot be read" in found
    trust = tmp_path / "authorities"
    trust.mkdir()
    (found,) = check()
    assert "it has no certificate" in found
    (trust / "root.pem").write_bytes(b"no certificate")
    (found,) = check()
    assert "/authorities/root.pem" in found
    (trust / "root.pem").write_bytes(forest.root("ec").pem)
    assert check() == []
    more = 'user = "a"\npassword_file = "p"\nclient_certificate = "c"\nclient_key = "k"\n'
    assert len(check(more + 'server_ca = "s.pem"\n')) == 4
    for name in ("p", "c", "k"):
        (tmp_path / name).touch(mode=0o600)
    assert check(more) == []
    for name in ("p", "k"):
        (tmp_path / name).chmod(0o644)
    assert len(check(more)) == 2
