"""The sample configuration: valid, complete, explained, and true to the defaults."""

import re
from pathlib import Path

import pytest
from msgspec import NODEFAULT

from signetd.daemon.config import (
    Access,
    Audit,
    Config,
    Daemon,
    Database,
    Limits,
    Log,
    Seals,
    TcpListener,
    Timestamps,
    Token,
    UnixListener,
    load,
    load_text,
)
from signetd.daemon.config.convert import description
from signetd.daemon.config.schema import Table, options

SAMPLE = Path(__file__).parents[4] / "deploy" / "signetd.toml"
TABLES = (
    Daemon, Database, Log, Limits, TcpListener, UnixListener, Access, Audit, Seals, Timestamps,
    Token,
)  # fmt: skip
_DISABLED = re.compile(r"^#(?=[a-z\[])", re.MULTILINE)


def everything_set() -> Config:
    return load_text(_DISABLED.sub("", SAMPLE.read_text()), SAMPLE.parent)


def test_the_sample_is_valid() -> None:
    config = load(SAMPLE)
    assert [listener.__class__ for listener in config.listeners] == [TcpListener, UnixListener]
    assert len(config.tokens) == 1


def test_the_sample_is_valid_with_every_option_set() -> None:
    config = everything_set()
    assert config.tokens[0].serial is not None
    assert config.tokens[0].pin_file is not None


@pytest.mark.parametrize("table", TABLES, ids=lambda table: str(table.__name__))
def test_the_sample_explains_every_option(table: type[Table]) -> None:
    lines = SAMPLE.read_text().splitlines()
    for name in options(table):
        places = [n for n, line in enumerate(lines) if re.match(rf"#?{name} = ", line)]
        heading = [n for n, line in enumerate(lines) if line.endswith(f".{name}]")]
        assert places or heading, f"deploy/signetd.toml does not have {name}: add and explain it"
        before = lines[(places or heading)[0] - 1]
        alternative = "#serial" in lines[(places or heading)[0]]
        assert alternative or before.startswith("# "), f"explain {name} above its line"


def test_the_sample_shows_the_defaults() -> None:
    config = everything_set()
    tables = (config.daemon, config.database, config.log, config.limits, config.access)
    assert config.timestamps is not None
    others = (config.audit, config.seals, config.timestamps, config.listeners[1], config.tokens[0])
    for table in (*tables, *others):
        for name, info in options(type(table)).items():
            if info.default not in (NODEFAULT, None):
                assert getattr(table, name) == info.default, f"correct {name} in the sample"


@pytest.mark.parametrize("table", TABLES, ids=lambda table: str(table.__name__))
def test_every_option_can_be_described_in_a_message(table: type[Table]) -> None:
    for name, info in options(table).items():
        assert description(info.type), f"{table.__name__}.{name} needs Meta(description=…)"
