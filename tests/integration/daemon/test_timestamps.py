"""A daemon with time-stamping authorities in its configuration starts, stops, or says why not."""

import signal

from tests import tsa
from tests.integration.daemon.running import Running

TABLE = '[timestamps]\nurls = ["http://127.0.0.1:9/"]\ntrust = "tsa/trust"\n'


def test_a_daemon_with_authorities_starts_and_stops(running: Running) -> None:
    """They need not answer: it is when a time stamp is wanted that they are asked."""
    tsa.Authority(running.folder / "tsa", "ec")
    running.start(access=TABLE)
    running.signal(signal.SIGTERM)
    assert running.wait(20) == 0


def test_a_folder_without_certificates_stops_the_start(running: Running) -> None:
    tsa.Authority(running.folder / "tsa", "ec")
    running.start(access=TABLE)
    running.signal(signal.SIGTERM)
    assert running.wait(20) == 0
    (running.folder / "tsa" / "trust" / "root.pem").unlink()
    running.spawn()
    assert running.wait(20) != 0
    running.await_log("it has no certificate")
