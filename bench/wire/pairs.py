"""Measuring two things right one after the other, again and again, so that what else the machine does touches both."""

import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

PAIRS = 7


@dataclass(frozen=True)
class Rate:
    """Messages a second by the clock, and the processor's time of the client for one, in microseconds."""

    per_second: float
    cpu_us: float


def measure(run: Callable[[], None], count: int) -> Rate:
    """The rate of a run that sends `count` messages; its own children's time counts too."""
    cpu, clock = _cpu_seconds(), time.perf_counter()
    run()
    seconds = time.perf_counter() - clock
    return Rate(count / seconds, (_cpu_seconds() - cpu) / count * 1e6)


def compare(
    title: str,
    due: str,
    ours: tuple[str, Callable[[], None], int],
    other: tuple[str, Callable[[], None], int],
    pairs: int = PAIRS,
) -> float:
    """Prints and gives the median, over the pairs, of our rate divided by the other's."""
    our_name, our_run, our_count = ours
    other_name, other_run, other_count = other
    measured = []
    for index in range(pairs):
        first, second = (our_run, our_count), (other_run, other_count)
        if index % 2:
            b, a = measure(*second), measure(*first)
        else:
            a, b = measure(*first), measure(*second)
        measured.append((a, b))
    ratios = sorted(a.per_second / b.per_second for a, b in measured)
    cpu = statistics.median(b.cpu_us / a.cpu_us for a, b in measured)
    ratio = statistics.median(ratios)
    print(f"{title}  [{due}]")
    for name, rates in ((our_name, [a for a, _ in measured]), (other_name, [b for _, b in measured])):
        per_second = statistics.median(rate.per_second for rate in rates)
        cpu_us = statistics.median(rate.cpu_us for rate in rates)
        print(f"    {name:<34}{per_second:>9.0f} messages/s  {cpu_us:>8.1f} µs of processor each")
    spread = f"{ratios[0]:.2f} to {ratios[-1]:.2f}"
    print(
        f"    ratio {ratio:.2f} by the clock ({spread}, median of {pairs} pairs), {cpu:.2f} by processor time"
    )
    return ratio


def _cpu_seconds() -> float:
    total = 0.0
    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        usage = resource.getrusage(who)
        total += usage.ru_utime + usage.ru_stime
    return total
