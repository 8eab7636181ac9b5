"""What is asked of the servers, what processes use, and the order of the rounds."""

import os
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks.bench import raw, requests, rounds
from benchmarks.bench.algorithms import ALGORITHMS
from benchmarks.bench.daemon import failed_items
from benchmarks.bench.generator import Seen
from benchmarks.bench.loads import Load
from benchmarks.bench.refserver import command
from benchmarks.bench.usage import Usage, seconds_of, usage
from signetd.api.v1 import signing_service_pb2 as signing
from tests.unit.benchmarks.bench_samples import SM2, UNARY

BATCH = Load("batch", 4, 10)
RSA, ED25519 = ALGORITHMS[1], ALGORITHMS[3]


def test_a_batch_is_so_many_times_the_same_request() -> None:
    one = signing.SignRequest.FromString(requests.of_signetd(SM2, UNARY).body)
    batch = requests.of_signetd(SM2, BATCH)
    assert batch.method.endswith("/BatchSign")
    assert batch.weight == 10
    assert list(signing.BatchSignRequest.FromString(batch.body).requests) == [one] * 10


def test_the_reference_server_hands_the_token_what_signetd_does() -> None:
    assert requests.of_reference(SM2, UNARY).body == SM2.data
    assert requests.of_reference(RSA, BATCH).body == RSA.data * 10
    digest = RSA.item().digest
    assert digest is not None
    # DigestInfo of SHA-256: two SEQUENCEs, the OID, NULL, an OCTET STRING of 32 bytes.
    assert RSA.data.hex() == "3031300d060960864801650304020105000420" + digest.hex()
    assert ED25519.item().message == ED25519.data


def test_the_reference_servers_command_line() -> None:
    token: Any = SimpleNamespace(module="/lib/p11.so", pin="1234")
    line = command(Path("/bin/ref"), Path("/run/s"), token, RSA)
    assert line[0] == "/bin/ref"
    options = dict(zip(line[1::2], line[2::2], strict=True))
    assert options == {
        **{"-module": "/lib/p11.so", "-token": "test", "-pin": "1234", "-key": "rsa"},
        **{"-mechanism": "0x1", "-size": "51", "-addr": "unix:/run/s"},
    }


def test_processor_time_is_read_whatever_the_processes_name_is() -> None:
    ticks = os.sysconf("SC_CLK_TCK")
    stat = f"7 (a) b (c) S 1 7 7 0 -1 0 0 0 0 0 {3 * ticks} {ticks} 99 99 20 0 1 0 5 6 7"
    assert seconds_of(stat) == 4.0


def test_usage_grows_with_work() -> None:
    before, end = usage(os.getpid(), [os.getpid()]), time.process_time() + 0.1
    while time.process_time() < end:
        pass
    used = usage(os.getpid(), [os.getpid()]).since(before)
    assert used.server >= 0.05
    assert used.workers >= 0.05


def test_rate_of_the_raw_loop() -> None:
    assert raw.rate_of("500 0.250000\n") == 2000.0


def test_failed_items_are_found_in_the_log() -> None:
    lines = ['{"event": "call", "items": 10, "failed": 3}', '{"event": "call", "key": "k"}']
    assert failed_items("\n".join([*lines, lines[0], ""])) == 6
    assert failed_items("") == 0


def test_the_order_of_algorithms_changes_every_round() -> None:
    assert rounds.turned([SM2, RSA], 0) == [SM2, RSA]
    assert rounds.turned([SM2, RSA], 1) == [RSA, SM2]


class FakeDaemon:
    def address(self, transport: str) -> str:
        return transport

    def usage(self) -> Usage:
        return Usage(0.0)


@pytest.mark.parametrize(("number", "first"), [(0, "ref"), (1, "mtls")])
def test_each_round_measures_everybody_by_turns(
    number: int, first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The raw loop once for each number of workers, the reference once for each load."""
    measured: list[tuple[str, str]] = []

    def measure(_: Any, address: Any, request: Any, *rest: Any) -> Seen:
        measured.append((str(address), request.method))
        return Seen(1.0, 0.1, 0.1, 1, 0)

    class Server(FakeDaemon):
        def __init__(self, *_: Any) -> None:
            self.address: Any = "ref"

        def __enter__(self) -> Any:
            return self

        def __exit__(self, *_: Any) -> None:
            measured.append(("end", ""))

    monkeypatch.setattr(rounds, "RefServer", Server)
    plan = rounds.Plan([SM2], [UNARY, BATCH], ["unix", "mtls"], [1], 1, 0.1)
    bench: Any = object.__new__(rounds._Bench)
    bench._plan, bench._folder, bench._token = plan, Path(), None
    bench._generator = SimpleNamespace(measure=lambda a, r, n, s: measure(None, a, r))
    bench._of_reference = {}
    bench._refserver, bench.daemons = Path("ref"), {1: FakeDaemon()}
    bench._raw = SimpleNamespace(rate=lambda algorithm, count, seconds: 100.0 * count)
    cases = plan.cases()
    bench.round(cases, number)
    assert [address for address, _ in measured[:3]] in (
        ["ref", "unix", "mtls"],
        ["mtls", "unix", "ref"],
    )
    assert measured[0][0] == first
    assert measured[-1] == ("end", "")
    assert len(measured) == 2 * 3 + 1
    assert [len(case.signetd) for case in cases] == [1] * 4
    assert [len(case.reference) for case in cases] == [1, 0, 1, 0], "it has no TLS"
    assert [case.token for case in cases] == [[100.0]] * 4
