"""Reading a configuration: values and defaults, and the file that holds them."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from signetd.daemon.config import (
    Access,
    Audit,
    Config,
    ConfigError,
    Log,
    TcpAddress,
    TcpListener,
    Token,
    UnixListener,
    load,
    load_text,
)
from signetd.daemon.config.load import MAX_BYTES
from signetd.daemon.config.schema import Daemon, Table

Read = Callable[[str], Config]


def test_a_minimal_file_has_the_defaults(read: Read, minimal: str) -> None:
    config = read(minimal)
    assert config.daemon.drain_timeout == 10.0
    assert config.log == Log(format="json", level="info")
    assert config.listeners == (
        UnixListener(unix=Path("/etc/signetd/signetd.sock"), identity="local-app", mode="0600"),
    )
    assert config.access == Access(first_security_admin="local-app", administrator_approvals=1)
    assert config.audit == Audit(key=None, checkpoint_records=1000, checkpoint_seconds=3600.0)
    assert config.tokens == (
        Token(
            name="hsm1",
            module=Path("/etc/signetd/module.so"),
            label="signing",
            profile="standard",
            workers=1,
            request_timeout=10.0,
            generate_timeout=120.0,
            queue=1024,
            queue_per_client=256,
            check_interval=1.0,
            quarantine_after=3,
            recycle_seconds=86400.0,
            recycle_operations=0,
            recycle_growth_mebibytes=256,
            memory_limit_mebibytes=None,
            environment={},
        ),
    )


def test_every_option_is_read(read: Read) -> None:
    config = read(
        """
        daemon = { state_directory = "/var/lib/x", drain_timeout = 0 }
        log = { format = "console", level = "debug" }
        access = { first_security_admin = "印章", destroy_approvals = 16 }
        audit = { key = "a", checkpoint_records = 1, checkpoint_seconds = 1, reads = true }
        [[listener]]
        tcp = "[::1]:0"
        certificate = "/c"
        private_key = "k/../k"
        client_ca = "a"
        client_crl = "r"
        [[listener]]
        unix = "s"
        identity = "印章"
        mode = "660"
        owner = 0
        group = "signers"
        [[token]]
        name = "t"
        module = "/m"
        label = "电子印章电子印章"
        serial = "0123456789abcdef"
        profile = "luna"
        workers = 64
        pin_file = "./1234"
        request_timeout = 0.5
        generate_timeout = 600
        queue = 65536
        queue_per_client = 1
        check_interval = 0.2
        quarantine_after = 1000
        recycle_seconds = 0
        recycle_operations = 1_000_000_000
        recycle_growth_mebibytes = 0
        memory_limit_mebibytes = 64
        environment.SOFTHSM2_CONF = "relative stays"
        """
    )
    tcp, unix = config.listeners
    assert tcp == TcpListener(
        tcp=TcpAddress("::1", 0),
        certificate=Path("/c"),
        private_key=Path("/etc/signetd/k/../k"),
        client_ca=Path("/etc/signetd/a"),
        client_crl=Path("/etc/signetd/r"),
    )
    assert isinstance(unix, UnixListener)
    assert (unix.permissions, unix.owner, unix.group) == (0o660, 0, "signers")
    assert config.daemon == Daemon(state_directory=Path("/var/lib/x"), drain_timeout=0.0)
    assert config.log == Log(format="console", level="debug")
    assert config.access == Access(first_security_admin="印章", destroy_approvals=16)
    assert config.audit == Audit(key="a", checkpoint_records=1, checkpoint_seconds=1.0, reads=True)
    assert config.tokens == (
        Token(
            name="t",
            module=Path("/m"),
            label="电子印章电子印章",
            serial="0123456789abcdef",
            profile="luna",
            workers=64,
            pin_file=Path("/etc/signetd/1234"),
            request_timeout=0.5,
            generate_timeout=600.0,
            queue=65536,
            queue_per_client=1,
            check_interval=0.2,
            quarantine_after=1000,
            recycle_seconds=0.0,
            recycle_operations=10**9,
            recycle_growth_mebibytes=0,
            memory_limit_mebibytes=64,
            environment={"SOFTHSM2_CONF": "relative stays"},
        ),
    )


def test_a_configuration_cannot_be_changed(read: Read, minimal: str) -> None:
    config = read(minimal)
    for table in (config, config.daemon, config.listeners[0], config.tokens[0]):
        assert isinstance(table, Table)
        name = table.__struct_fields__[0]
        with pytest.raises(AttributeError):
            setattr(table, name, None)


def test_the_structs_refuse_unknown_fields_by_themselves() -> None:
    with pytest.raises(msgspec.ValidationError, match="unknown field `colour`"):
        msgspec.convert({"colour": "red"}, Log)


def test_paths_start_at_the_folder_of_the_file(tmp_path: Path, minimal: str) -> None:
    file = tmp_path / "signetd.toml"
    file.write_text(minimal)
    config = load(file)
    assert config.daemon.state_directory == tmp_path / "state"
    assert config.source.file == str(file)


def test_a_relative_folder_becomes_absolute(
    tmp_path: Path, minimal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_text(minimal, Path("sub")).tokens[0].module == tmp_path / "sub" / "module.so"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", ": daemon.state_directory: is missing: the folder for the daemon's database."),
        (b"# \n# \xff\n", ":2: is not UTF-8; save the file in that encoding."),
        (b"\xef\xbb\xbf", ":1: begins with a byte order mark; save the file without it."),
        (b"#" * (MAX_BYTES + 1), ": is larger than 1048576 bytes; is it the right file?"),
    ],
)
def test_what_a_file_must_not_be(tmp_path: Path, content: bytes, expected: str) -> None:
    file = tmp_path / "signetd.toml"
    file.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert str(caught.value).splitlines()[0] == f"{file}{expected}"


@pytest.mark.parametrize(
    ("name", "reason"),
    [("absent", "No such file or directory"), (".", "Is a directory"), ("a\0b", "embedded null")],
)
def test_a_file_that_cannot_be_read(tmp_path: Path, name: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=f"cannot be read: {reason}"):
        load(tmp_path / name)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = 1\nb = = 2", "f.toml:2: is not valid TOML: Invalid value (column 5)."),
        ("a = 1\n[daemon\n", "f.toml:2: is not valid TOML: "),
        ('a = 1\nb = """\n\n', "f.toml:2: is not valid TOML: Unterminated string"),
        ("a = 1\na = 2", "f.toml:2: is not valid TOML: Cannot overwrite a value"),
        ("a = " + "[" * 20_000, "f.toml: has values nested too deep."),
        ("a = " + "9" * 5_000, "f.toml: is not valid TOML: Exceeds the limit"),
        ("\na = '\ud800'", "f.toml:2: has a character that UTF-8 cannot encode."),
    ],
)
def test_a_syntax_error_has_its_line(
    problems: Callable[[str], list[str]], text: str, expected: str
) -> None:
    [line] = problems(text)
    assert line.startswith(expected)
