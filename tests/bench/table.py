"""How the benchmark measures and prints."""

import os
import platform
import statistics
import sys
from collections.abc import Callable, Sequence
from time import perf_counter


def seconds(run: Callable[[], object]) -> float:
    """The wall time of one run."""
    began = perf_counter()
    run()
    return perf_counter() - began


def rounds(runs: dict[str, Callable[[], object]], count: int) -> dict[str, list[float]]:
    """Wall times of several things run in turn, `count` times each after one turn that is not counted.

    In turn, so that a slow spell of the machine meets all of them, and ratios within a turn hold.
    """
    times: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(count + 1):
        for name, run in runs.items():
            taken = seconds(run)
            if turn:
                times[name].append(taken)
    return times


def ratio(slow: Sequence[float], fast: Sequence[float]) -> float:
    """The median over the turns of how many times faster the second is than the first."""
    return statistics.median(one / other for one, other in zip(slow, fast, strict=True))


def one_core() -> None:
    """Holds this process to one processor."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def resident() -> int:
    """Bytes of this process that are in memory, files mapped included (Linux)."""
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - a kernel file, not a path
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def machine() -> str:
    """What the figures were measured on."""
    return f"{os.cpu_count()} processors, {platform.machine()}, Python {platform.python_version()}"


def show(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Prints a table."""
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    print(f"\n{title}")
    for row in (headings, *rows):
        print("  " + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())
    sys.stdout.flush()
