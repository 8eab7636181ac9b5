"""The tokens of the suite: each made once, and opened once for the tests that only use it."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from signetd.softhsm import SoftHsmError
from tests.contract.subject import Driver, Feature, Spot, Subject
from tests.contract.tokens import every

NewId = Callable[..., bytes]


def _made(stack: ExitStack, name: str, folder: Path) -> Subject:
    try:
        return stack.enter_context(every.TOKENS[name](folder))
    except SoftHsmError as error:
        if every.STRICT:
            pytest.fail(f"the token {name} cannot be had: {error}")
        pytest.skip(f"{name}: {error}; or run  make test-tokens")


@pytest.fixture(scope="session", params=every.TOKENS)
def subject(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Subject]:
    """Each token in turn."""
    with ExitStack() as stack:
        yield _made(stack, request.param, tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="session")
def driver(subject: Subject) -> Iterator[Driver]:
    """The token, opened and unlocked; tests remove the keys that they make."""
    with subject.open(subject.settings, subject.pin) as opened:
        yield opened


@pytest.fixture(params=[name for name in every.TOKENS if name != "own"])
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Subject]:
    """A token of the test's own, which does not come through it alive."""
    with ExitStack() as stack:
        yield _made(stack, request.param, tmp_path)


@pytest.fixture
def new_id(driver: Driver) -> Iterator[NewId]:
    """Choose CKA_IDs of keys; the key pairs that have them are destroyed after the test."""
    given: set[bytes] = set()

    def choose(length: int = 16) -> bytes:
        chosen = secrets.token_bytes(length)
        given.add(chosen)
        return chosen

    yield choose
    for key in driver.list_keys() if given else []:
        if key.ref.cka_id in given:
            driver.destroy(key.ref)


@pytest.fixture
def foreign_id(subject: Subject) -> Iterator[bytes]:
    """The CKA_ID of a key made past the driver; whatever has it is destroyed after the test."""
    cka_id = secrets.token_bytes(16)
    yield cka_id
    subject.backdoor.destroy(cka_id)
    assert subject.backdoor.count(cka_id) == 0, "the test left objects on the token"


@contextmanager
def seeing(subject: Subject, driver: Driver) -> Iterator[Driver]:
    """A driver that sees what another program has just done to the token."""
    if Feature.SEES_OTHERS not in subject.lacks.features:
        yield driver
        return
    with subject.open(subject.settings, subject.pin) as later:
        yield later


def staged(subject: Subject, spot: Spot) -> None:
    """Skip a test that cannot be staged with this token, and say why."""
    if (why := subject.lacks.unstaged.get(spot)) is not None:
        pytest.skip(f"{subject.name}: {spot.value} cannot be staged: {why}")
