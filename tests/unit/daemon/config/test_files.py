"""What a configuration refers to on the machine: every fault of a file, folder or account."""

import errno
import grp
import os
import pwd
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from signetd.daemon.config import Problem, check_files, group_id, load, user_id

CONFIG = """\
[daemon]
state_directory = "state"
[[listener]]
tcp = "127.0.0.1:0"
certificate = "server.pem"
private_key = "server.key"
client_ca = "ca.pem"
[[listener]]
unix = "run/s"
identity = "app"
[access]
first_security_admin = "app"
destroy_approvals = 1
[[token]]
name = "t"
module = "module.so"
label = "l"
pin_file = "pin"
"""

Check = Callable[..., list[str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder in which everything that CONFIG names is in order."""
    for name in ("server.pem", "server.key", "ca.pem", "module.so", "pin"):
        (tmp_path / name).touch(mode=0o600)
    for name in ("state", "run"):
        (tmp_path / name).mkdir(mode=0o700)
    (tmp_path / "signetd.toml").write_text(CONFIG)
    return tmp_path


@pytest.fixture
def check(folder: Path) -> Check:
    """Loads the file in the folder, with texts replaced, and gives its problems without the file's
    name; the folder's name is cut out."""

    def run(*replacements: tuple[str, str]) -> list[str]:
        file = folder / "signetd.toml"
        text = file.read_text()
        for old, new in replacements:
            assert old in text
            text = text.replace(old, new)
        file.write_text(text)
        return [
            str(found).replace(f"{file}:", "", 1).replace(f"{folder}/", "")
            for found in check_files(load(file))
        ]

    return run


@pytest.fixture
def listening(folder: Path) -> Iterator[None]:
    """A socket that an earlier daemon left at the listener's path."""
    with socket.socket(socket.AF_UNIX) as left, pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)  # A short path: the folder's own may be too long for a socket.
        left.bind("run/s")
        yield


def test_an_instance_in_order_has_no_problem(check: Check) -> None:
    assert check() == []


def test_problems_carry_the_place_in_the_file(folder: Path) -> None:
    (folder / "ca.pem").unlink()
    file = folder / "signetd.toml"
    expected = Problem(
        str(file), 7, ("listener", 0, "client_ca"), f"{folder / 'ca.pem'} does not exist."
    )
    assert check_files(load(file)) == [expected]


def test_a_revocation_list_exists_and_is_readable(folder: Path, check: Check) -> None:
    listed = ('"ca.pem"', '"ca.pem"\nclient_crl = "crl.pem"')
    assert check(listed) == ["8: listener[0].client_crl: crl.pem does not exist."]
    (folder / "crl.pem").touch()
    assert check() == []


def test_checking_makes_nothing(folder: Path, check: Check) -> None:
    (folder / "state").rmdir()
    before = sorted(folder.rglob("*"))
    assert check() == []
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("server.pem", "5: listener[0].certificate"),
        ("server.key", "6: listener[0].private_key"),
        ("ca.pem", "7: listener[0].client_ca"),
        ("module.so", "16: token[0].module"),
        ("pin", "18: token[0].pin_file"),
    ],
)
def test_every_file_exists_is_regular_and_readable(
    folder: Path, check: Check, monkeypatch: pytest.MonkeyPatch, name: str, place: str
) -> None:
    file = folder / name
    file.unlink()
    assert check() == [f"{place}: {name} does not exist."]
    file.mkdir(mode=0o700)
    assert check() == [f"{place}: {name} is not a regular file."]
    file.rmdir()
    os.mkfifo(file, 0o600)
    assert check() == [f"{place}: {name} is not a regular file."]
    file.unlink()
    file.symlink_to(name)
    [found] = check()
    assert found.startswith(f"{place}: {name} cannot be examined: Too many levels")
    file.unlink()
    file.touch(mode=0o600)
    # For root every file is readable, so the system's answer is given here.
    monkeypatch.setattr(os, "access", lambda path, mode: path != file)
    me = pwd.getpwuid(os.geteuid()).pw_name
    assert check() == [f"{place}: {name} cannot be read by user {me}; change its owner or mode."]


@pytest.mark.parametrize("name", ["server.key", "pin"])
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o610, 0o601, 0o660, 0o666, 0o644])
def test_a_secret_open_to_others_is_refused_with_the_command(
    folder: Path, check: Check, name: str, mode: int
) -> None:
    (folder / name).chmod(mode)
    [found] = check()
    assert found.endswith(
        f": {name} has mode {mode:04o}, which is open to other users: run chmod 600 {name}."
    )


@pytest.mark.parametrize("mode", [0o400, 0o600])
def test_a_secret_for_its_owner_alone_is_accepted(folder: Path, check: Check, mode: int) -> None:
    (folder / "server.key").chmod(mode)
    (folder / "pin").chmod(mode)
    assert check() == []


def test_an_executable_pin_file_is_refused(folder: Path, check: Check) -> None:
    (folder / "pin").chmod(0o700)
    assert check() == [
        "18: token[0].pin_file: pin is executable; a PIN file has at most mode 0600: "
        "run chmod 600 pin."
    ]


@pytest.mark.parametrize(("owner", "is_accepted"), [(0, True), (1000, True), (1001, False)])
def test_a_pin_file_belongs_to_root_or_to_us(
    check: Check, monkeypatch: pytest.MonkeyPatch, owner: int, is_accepted: bool
) -> None:
    def owned(path: Path) -> os.stat_result:
        return os.stat_result([value if n != 4 else owner for n, value in enumerate(os.stat(path))])

    # Only root can give files away, and this test is for everybody.
    monkeypatch.setattr(Path, "stat", owned)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    found = [line.partition("; ")[0] for line in check()]
    refusal = "18: token[0].pin_file: pin belongs to user 1001"
    assert found == ([] if is_accepted else [refusal])


def test_a_command_names_an_odd_file_safely(folder: Path, check: Check) -> None:
    (folder / "a pin;b").touch(mode=0o644)
    (folder / "a pin;b").chmod(0o644)
    [found] = check(('"pin"', '"a pin;b"'))
    assert found.endswith("run chmod 600 'a pin;b'."), "the shell must take it for one word"


def test_a_state_directory_can_be_made_below_a_folder(check: Check) -> None:
    assert check(('"state"', '"state/new/newer"')) == []


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("pin", "pin is not a folder."),
        ("pin/state", "pin/state cannot be made: pin is not a folder."),
        ("link", "link does not exist."),
        ("link/state", "link/state cannot be made: link does not exist."),
    ],
)
def test_a_state_directory_that_cannot_be(
    folder: Path, check: Check, value: str, expected: str
) -> None:
    (folder / "link").symlink_to("nowhere")
    assert check(('"state"', f'"{value}"')) == [f"2: daemon.state_directory: {expected}"]


def test_a_state_directory_open_to_all_is_refused(folder: Path, check: Check) -> None:
    (folder / "state").chmod(0o707)
    assert check() == [
        "2: daemon.state_directory: state can be changed by every user: run chmod 700 state."
    ]


@pytest.mark.parametrize("denied", [os.W_OK, os.X_OK], ids=["write", "search"])
@pytest.mark.parametrize("name", ["state", "run"])
def test_a_folder_that_is_not_ours_is_refused(
    folder: Path, check: Check, monkeypatch: pytest.MonkeyPatch, name: str, denied: int
) -> None:
    def access(path: Path, mode: int) -> bool:
        return path != folder / name or not mode & denied

    monkeypatch.setattr(os, "access", access)
    [found] = check()
    assert f": {name} cannot be written by user " in found


def test_a_user_without_a_name_is_told_by_number(
    check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(number: int) -> pwd.struct_passwd:
        raise KeyError(number)

    monkeypatch.setattr(os, "access", lambda path, mode: False)
    monkeypatch.setattr(pwd, "getpwuid", refuse)
    assert (
        f"2: daemon.state_directory: state cannot be written by user {os.geteuid()}; "
        in (check()[0])
    )


def test_a_secret_that_vanishes_during_the_check_is_a_problem(
    check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    def vanish(path: Path) -> str | None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))

    monkeypatch.setattr("signetd.daemon.config.files.exposure", vanish)
    assert check() == [
        "6: listener[0].private_key: server.key cannot be examined: No such file or directory.",
        "18: token[0].pin_file: pin cannot be examined: No such file or directory.",
    ]


def test_a_sockets_folder_exists(folder: Path, check: Check) -> None:
    (folder / "run").rmdir()
    assert check() == ["9: listener[1].unix: run does not exist."]


def test_a_sockets_folder_keeps_strangers_out(folder: Path, check: Check) -> None:
    (folder / "run").chmod(0o777)
    assert check() == [
        "9: listener[1].unix: run can be changed by every user, who could put another socket "
        "there: run chmod o-w run."
    ]
    (folder / "run").chmod(0o1777)
    assert check() == [], "in a sticky folder such as /tmp nobody can replace another's socket"


def test_what_is_not_a_socket_is_left_alone(folder: Path, check: Check) -> None:
    (folder / "run" / "s").write_text("precious")
    assert check() == [
        "9: listener[1].unix: run/s exists and is not a socket; remove it, or choose another path."
    ]


@pytest.mark.usefixtures("listening")
def test_a_socket_of_an_earlier_run_is_no_problem(check: Check) -> None:
    assert check() == []


def test_a_sockets_path_has_at_most_107_bytes(folder: Path, check: Check) -> None:
    name = "é" * ((107 - len(os.fsencode(folder)) - 1) // 2)
    pad = "x" * (107 - len(os.fsencode(folder / name)))
    assert check(('"run/s"', f'"{name}{pad}"')) == []
    assert check((f'"{name}{pad}"', f'"{name}{pad}x"')) == [
        "9: listener[1].unix: is 108 bytes long; a socket's path has at most 107."
    ]


def test_accounts_exist(check: Check) -> None:
    owned = '"run/s"\nowner = "no-such-user"\ngroup = "no-such-group"'
    assert check(('"run/s"', owned)) == [
        '10: listener[1].owner: there is no user "no-such-user".',
        '11: listener[1].group: there is no group "no-such-group".',
    ]
    assert check(('"no-such-user"', '"4294967295"'), ('"no-such-group"', "54321")) == [
        '10: listener[1].owner: there is no user "4294967295": the last is 4294967294.'
    ]


def test_accounts_have_names_and_numbers() -> None:
    user, group = pwd.getpwuid(0).pw_name, grp.getgrgid(0).gr_name
    assert [user_id(user), user_id("0"), user_id(0), user_id("4321")] == [0, 0, 0, 4321]
    assert [group_id(group), group_id("0"), group_id(0), group_id(4321)] == [0, 0, 0, 4321]
    with pytest.raises(LookupError, match='there is no user "no-such-user"'):
        user_id("no-such-user")
