"""Medians and ratios: what many samples say in one row."""

from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

from benchmarks.bench import targets
from benchmarks.bench.instant import Own
from benchmarks.bench.rounds import Case, Sample
from benchmarks.bench.starting import Start
from benchmarks.bench.usage import Memory

_MICRO = 1e6
_MILLI = 1e3


def ratios(above: Sequence[float], below: Sequence[float]) -> list[float]:
    """Return the ratio of each round; both must have as many. Raises ValueError."""
    return [one / other for one, other in zip(above, below, strict=True)]


def of(samples: Sequence[Sample], figure: Callable[[Sample], float]) -> float:
    """Return the median of a figure; raises StatisticsError without samples."""
    return median(figure(sample) for sample in samples)


def rates(samples: Sequence[Sample]) -> list[float]:
    """Return the signatures per second of each round."""
    return [sample.seen.rate for sample in samples]


def of_case(case: Case) -> dict[str, Any]:
    """Return a row's figures: rates in 1/s, times in seconds; None where there is none."""
    own, other = rates(case.signetd), rates(case.reference)
    to_reference = ratios(own, other) if other else []
    return {
        "algorithm": case.algorithm.name,
        "load": case.load.shown,
        "transport": case.transport,
        "workers": case.workers,
        "verified": case.verified,
        "token_rate": median(case.token),
        "reference_to_token": median(ratios(other, case.token)) if other else None,
        "signetd_to_token": median(ratios(own, case.token)),
        "signetd_to_reference": median(to_reference) if to_reference else None,
        "signetd_to_reference_range": [min(to_reference), max(to_reference)] if other else None,
        "added_latency": added_latency(case),
        "reference_p50": of(case.reference, lambda s: s.seen.p50) if other else None,
        **_of_samples(case.signetd),
    }


def added_latency(case: Case) -> float | None:
    """Return what signetd adds to the token's own time for a signature, in seconds.

    The median of the rounds; None where several requests are in flight, for those wait for
    each other.
    """
    if case.load.in_flight > 1:
        return None
    own = [case.workers / rate for rate in case.token]  # each process of the loop makes its part
    waits = [sample.seen.p50 for sample in case.signetd]
    return median(wait - seconds for wait, seconds in zip(waits, own, strict=True))


def of_own(own: Own) -> dict[str, Any]:
    """Return the figures of a load on the instant token."""
    return {"load": own.load.shown, **_of_samples(own.samples)}


def _of_samples(samples: Sequence[Sample]) -> dict[str, float]:
    return {
        "rate": median(rates(samples)),
        "p50": of(samples, lambda s: s.seen.p50),
        "p99": of(samples, lambda s: s.seen.p99),
        "daemon_cpu_each": of(samples, lambda s: s.server_each),
        "workers_cpu_each": of(samples, lambda s: s.workers_each),
    }


def of_memory(workers: int, memory: Memory) -> dict[str, Any]:
    """Return the memory of a daemon after its loads, in MiB."""
    return {"workers": workers, "daemon": memory.server, "each_worker": max(memory.workers)}


def of_start(start: Start) -> dict[str, Any]:
    """Return how a daemon starts: seconds and MiB."""
    return {
        "keys": start.keys,
        "ready": median(start.ready),
        "first_signature": median(start.signed),
        "token": median(start.token),
        "besides_token": start.besides,
        "daemon_cpu": median(used.server for used in start.used),
        "workers_cpu": median(used.workers for used in start.used),
        "daemon_mebibytes": start.server_mebibytes,
        "worker_mebibytes": start.worker_mebibytes,
        "signetctl_help": median(start.command),
    }


def case_cells(row: dict[str, Any]) -> dict[str, str]:
    """Return what a table says of a row."""
    return {
        "algorithm": row["algorithm"],
        "load": row["load"],
        "over": row["transport"],
        "workers": str(row["workers"]),
        "verified": "yes" if row["verified"] else "no",
        "token (1/s)": f"{row['token_rate']:,.0f}",
        "refserver": ratio(row["reference_to_token"]),
        "signetd": ratio(row["signetd_to_token"]),
        "signetd : refserver": ranged(
            row["signetd_to_reference"], row["signetd_to_reference_range"]
        ),
        **_own_cells(row),
        "added (ms)": "–" if row["added_latency"] is None else milli(row["added_latency"]),
        "target": targets.of_case(row),
    }


def own_cells(row: dict[str, Any]) -> dict[str, str]:
    """The same for the instant token."""
    return {"load": row["load"], **_own_cells(row), "target": targets.of_own(row)}


def _own_cells(row: dict[str, Any]) -> dict[str, str]:
    return {
        "signetd (1/s)": f"{row['rate']:,.0f}",
        "p50 (ms)": milli(row["p50"]),
        "p99 (ms)": milli(row["p99"]),
        "daemon CPU (µs each)": f"{row['daemon_cpu_each'] * _MICRO:,.0f}",
        "workers CPU (µs each)": f"{row['workers_cpu_each'] * _MICRO:,.0f}",
    }


def start_cells(row: dict[str, Any]) -> list[dict[str, str]]:
    """The same for a start, one line for each figure."""
    return [
        {"what": what, "measured": value}
        for what, value in (
            (f"ready, with {row['keys']} keys", _seconds(row["ready"])),
            ("the token's own part of it", _seconds(row["token"])),
            ("the daemon's part", _seconds(row["besides_token"])),
            ("processor time until then, daemon", _seconds(row["daemon_cpu"])),
            ("processor time until then, workers", _seconds(row["workers_cpu"])),
            ("first signature", _seconds(row["first_signature"])),
            ("idle memory of the daemon", f"{row['daemon_mebibytes']:.0f} MiB"),
            ("idle memory of each worker", f"{row['worker_mebibytes']:.0f} MiB"),
            ("`signetctl --help`", f"{row['signetctl_help'] * _MILLI:.0f} ms"),
        )
    ]


def ratio(value: float | None) -> str:
    """Write a ratio; a dash for none."""
    return "–" if value is None else f"{value:.2f}"


def milli(seconds: float) -> str:
    """Write seconds as milliseconds."""
    return f"{seconds * _MILLI:.2f}"


def ranged(value: float | None, ends: Sequence[float] | None) -> str:
    """Write a ratio with the lowest and the highest of the rounds."""
    return "–" if value is None or ends is None else f"{value:.2f} ({ends[0]:.2f}–{ends[1]:.2f})"


def _seconds(value: float) -> str:
    return f"{value:.2f} s"
