"""The queue of a token: bounded, fair, without those who have gone."""

import pytest

from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.isolation import wire
from signetd.drivers.isolation.job import Job, Single
from signetd.drivers.isolation.pace import Pace
from signetd.drivers.isolation.process import WorkerProcess
from signetd.drivers.isolation.queue import FairQueue
from signetd.drivers.isolation.retry import MAX_SECONDS, MIN_SECONDS, RetryDelay
from signetd.drivers.types import Requester


class Nowhere:
    """Looks after jobs that no worker ever gets."""

    def served(self, worker: WorkerProcess) -> None:
        raise AssertionError

    def failed(self, job: Job, worker: WorkerProcess, error: SignetError) -> None:
        raise AssertionError


def job(client: str) -> Single:
    return Single(Nowhere(), wire.ListKeys(), 1.0, Requester(client))


def put(queue: FairQueue, client: str) -> Single:
    made = job(client)
    queue.put(made, 1)
    return made


def put_many(queue: FairQueue, client: str, count: int) -> Single:
    made = job(client)
    made.items = count
    queue.put(made, 1)
    return made


async def test_clients_have_their_turns() -> None:
    queue = FairQueue(100, 100, 60.0, Pace())
    for _ in range(3):
        put(queue, "greedy")
    put(queue, "polite")
    assert [queue.take().client for _ in range(4)] == [
        "greedy",
        "polite",
        "greedy",
        "greedy",
    ]
    assert len(queue) == 0


async def test_one_client_has_a_limit_of_its_own() -> None:
    queue = FairQueue(100, 2, 60.0, Pace())
    put(queue, "a")
    put(queue, "a")
    with pytest.raises(SignetError) as refused:
        put(queue, "a")
    assert refused.value.reason is Reason.TOKEN_BUSY
    assert refused.value.retry_after
    put(queue, "b")


async def test_a_full_queue_makes_room_for_who_has_less() -> None:
    queue = FairQueue(4, 4, 60.0, Pace())
    greedy = [put(queue, "greedy") for _ in range(4)]
    polite = put(queue, "polite")
    error = greedy[-1].future.exception()
    assert isinstance(error, SignetError)
    assert error.reason is Reason.TOKEN_BUSY
    assert len(queue) == 4
    assert not polite.future.done()
    with pytest.raises(SignetError):
        put(queue, "greedy")


async def test_who_has_gone_leaves_the_queue() -> None:
    queue = FairQueue(2, 2, 60.0, Pace())
    first = put(queue, "a")
    put(queue, "a")
    queue.remove(first)
    assert len(queue) == 1
    put(queue, "a")


async def test_what_is_put_back_is_next() -> None:
    queue = FairQueue(4, 4, 60.0, Pace())
    one, two = put(queue, "a"), put(queue, "b")
    assert queue.take() is one
    queue.put_back(one)
    assert queue.take() is one
    assert queue.take() is two


async def test_who_takes_many_at_once_has_the_next_turn_the_later() -> None:
    queue = FairQueue(100, 100, 60.0, Pace())
    for _ in range(3):
        put_many(queue, "greedy", 4)
    for _ in range(6):
        put(queue, "polite")
    assert [queue.take().client[0] for _ in range(9)] == list("gppppgppg")


async def test_who_comes_again_has_not_been_forgiven_what_he_had() -> None:
    queue = FairQueue(100, 100, 60.0, Pace())
    put_many(queue, "greedy", 4)
    for _ in range(4):
        put(queue, "polite")
    assert queue.take().client == "greedy"
    put_many(queue, "greedy", 4)
    assert [queue.take().client[0] for _ in range(5)] == list("ppppg")


async def test_a_job_counts_for_as_many_as_it_has_operations() -> None:
    queue = FairQueue(10, 6, 60.0, Pace())
    put_many(queue, "a", 4)
    with pytest.raises(SignetError) as refused:
        put_many(queue, "a", 3)
    assert refused.value.reason is Reason.TOKEN_BUSY
    put_many(queue, "b", 6)
    assert len(queue) == 10
    with pytest.raises(SignetError):
        put_many(queue, "c", 6)
    assert len(queue) == 10, "nobody makes room for one who would have as many as he"
    evicting = put_many(queue, "c", 2)
    assert (len(queue), evicting.done) == (6, False), "b, who had the most, made room"


async def test_the_queue_is_bounded_in_seconds() -> None:
    pace = Pace()
    for _ in range(200):
        pace.took(0.1, 1)
    queue = FairQueue(100, 100, 0.45, pace)
    for _ in range(5):
        put(queue, "a")
    with pytest.raises(SignetError):
        put(queue, "a")
    put(queue, "b")
    assert len(queue) == 5, "the newest of who has the most made room"


async def test_the_delay_grows_with_the_refusals_and_shrinks_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 100.0
    monkeypatch.setattr("signetd.drivers.isolation.retry.time.monotonic", lambda: now)
    delay = RetryDelay()
    delays = []
    for _ in range(4000):  # 1,000 a second, where 100 of them are allowed
        now += 0.001
        delays.append(delay.refuse(0.0, 1000.0))
    assert MIN_SECONDS <= min(delays[:50]) < 0.1
    assert min(delays[-50:]) > 1.0
    assert max(delays) <= MAX_SECONDS
    for _ in range(40):
        now += 0.2
        later = delay.refuse(0.0, 1000.0)
    assert later < 0.1


def test_a_slow_token_is_given_few_calls_at_once() -> None:
    fast, slow = Pace(), Pace()
    for _ in range(200):
        fast.took(0.0005, 1)
        slow.took(0.3, 1)
    assert (fast.window, fast.chunk) == (20, 10), "10 ms of work, in two calls"
    assert (slow.window, slow.chunk) == (2, 1)
    assert slow.stall > 1.0, "what is normal for it is no stall"
    assert slow.wait(10, 2) == pytest.approx(1.5, rel=0.1)
