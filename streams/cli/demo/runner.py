"""One showing: all of it started, left running, and ended in order."""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from kafka.errors import KafkaError

from streams.cli.demo.child_process import Child
from streams.cli.demo.environment import Ground
from streams.cli.demo.errors import DemoError, Told, until
from streams.cli.demo.gateway_feed import Feed
from streams.cli.demo.scenario import Scene, here, scene
from streams.kafka.topics import Names
from streams.records.times import to_ms
from streams.settings.model import Settings
from streams.settings.reference import show
from streams.simulation.demo_traffic import READS_A_PASSAGE, Mix, Traffic

Say = Callable[[str], None]

_SEED: Final = 12
"""With it the first seconds have all there is to see: misreads, an outage, records that are no reads."""
_LISTED_EVERY_S: Final = 3.0
"""How often a listed vehicle comes, whatever the rate: so often that one can read the hits."""
_MOST_LISTED: Final = 0.2
_TICK_S: Final = 0.02
_LOOK_EVERY_S: Final = 0.5
_TELL_EVERY_S: Final = 10.0
_READY_WITHIN_S: Final = 60.0
_DONE_WITHIN_S: Final = 10.0
_TABLE_BEHIND_S: Final = 0.3
_END_WITHIN_S: Final = 15.0
_STOP_WITHIN_S: Final = 3.0
"""The same after trouble, when there is nothing to be kept."""


def run(given: Settings | None, rate: float, seconds: float | None, told: Told, say: Say) -> str:
    """Shows the stream for so many seconds, or until it is told to end; what it came to, in a line.

    Raises DemoError for what cannot be started or fails, and NotBegunError if it is told before the traffic
    began; then too all that was started is stopped.
    """
    made, notes = scene(given, _SEED, datetime.now(UTC))
    for note in notes:
        say(f"note: {note}")
    with Ground(say, told) as ground, ExitStack() as stack:
        ground.up()
        settings = here(made.settings, ground.servers, ground.folder)
        names = settings.topics.names()
        ground.make(settings.topics)
        ground.expect(settings.worker.group)
        ground.load(names.alerts, (each.alert for each in made.listed))
        say(f"lists: {len(made.listed)} made-up alerts on {', '.join(settings.lists)}")
        told.check()
        config = ground.folder / "settings.toml"
        config.write_text(show(settings), "utf-8")
        worker, table = _start(config, stack, told, say)
        feed = stack.enter_context(
            Feed(ground.options("cameras"), settings.topics.reads, _traffic(made, rate))
        )
        sides = sum(len(each.sides) for each in made.network)
        say(
            f"cameras: {made.cameras} at {sides} sites send {rate:g} reads a second; "
            + (f"for {seconds:g} s" if seconds else "Ctrl-C ends")
        )

        def check() -> None:
            _check((worker, table))
            ground.check()

        _let_run(feed, check, seconds, told, say)
        say("ending: the cameras are off")
        if lost := feed.finish():
            say(f"cameras: {lost} records were not confirmed by Kafka")
        if not until(lambda: _dealt_with(ground, settings.worker.group, names), told, _DONE_WITHIN_S):
            say("worker: it is ended before it has dealt with all reads")
        if not worker.end(told, _END_WITHIN_S):
            say("worker: did not end in time; killed")
        summary = _summary(ground, feed, names)
        # All hits are on their topic by now; the table, which nobody can ask, has time to show the last ones.
        time.sleep(_TABLE_BEHIND_S)
        table.end(told, _END_WITHIN_S)
        say("ending: Kafka stops")
    return summary


def _start(config: Path, stack: ExitStack, told: Told, say: Say) -> tuple[Child, Child]:
    """Starts the worker and the table of hits, and waits until both are ready."""
    worker = Child("worker", ("worker",), config, "ready:", say)
    stack.callback(worker.end, told, _STOP_WITHIN_S)
    table = Child("hits", ("hits", "tail", "--from-start"), config, "waiting for hits", say)
    stack.callback(table.end, told, _STOP_WITHIN_S)
    both = (worker, table)

    def settled() -> bool:
        return all(each.ready for each in both) or _ended(both) is not None or bool(told)

    if not until(settled, told, _READY_WITHIN_S):
        told.check()
        slow = " and ".join(each.name for each in both if not each.ready)
        raise DemoError(f"not ready within {_READY_WITHIN_S:.0f} s: {slow}")
    told.check()
    _check(both)
    say("worker: ready")
    return both


def _traffic(made: Scene, rate: float) -> Traffic:
    passages_a_s = rate / READS_A_PASSAGE
    listed = min(2 / passages_a_s / _LISTED_EVERY_S, _MOST_LISTED)
    return Traffic(made.network, made.listed, _SEED, _now(), rate, Mix(listed=listed))


def _let_run(feed: Feed, check: Callable[[], None], seconds: float | None, told: Told, say: Say) -> None:
    began, start = time.monotonic(), _now()
    look, tell = _LOOK_EVERY_S, _TELL_EVERY_S
    while not told.wait(_TICK_S):
        elapsed = time.monotonic() - began
        feed.send(start + round(min(elapsed, seconds or elapsed) * 1000))
        if seconds is not None and elapsed >= seconds:
            return
        if elapsed >= look:
            look += _LOOK_EVERY_S
            check()
        if elapsed >= tell:
            tell += _TELL_EVERY_S
            say(f"cameras: {feed.reads:,} reads sent")


def _dealt_with(ground: Ground, group: str, names: Names) -> bool:
    try:
        return ground.done(group, (*names.reads, names.matches))
    except KafkaError:
        return False


def _summary(ground: Ground, feed: Feed, names: Names) -> str:
    found = feed.found(ground.hits(names.hits))
    try:
        rejected = sum(ground.ends((names.rejected,)).values())
    except KafkaError as error:
        raise DemoError(f"Kafka: {error or type(error).__name__}") from error
    return (
        f"{feed.reads:,} reads sent, {feed.misread:,} misread, {rejected:,} rejected; "
        f"hits for {found.found} of {found.passages} listed passages, {found.by_misreads} never read right; "
        f"{found.historical} historical, {found.wrong} wrong"
    )


def _check(children: Sequence[Child]) -> None:
    ended = _ended(children)
    if ended is not None:
        raise DemoError(f"{ended.name}: ended by itself with exit code {ended.exit_code}")


def _ended(children: Sequence[Child]) -> Child | None:
    return next((each for each in children if each.exit_code is not None), None)


def _now() -> int:
    return to_ms(datetime.now(UTC))
