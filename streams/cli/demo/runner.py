"""One demo: everything started, left running, and stopped in order."""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from kafka.errors import KafkaError

from streams.cli.demo.child_process import ChildProcess
from streams.cli.demo.environment import DemoEnvironment
from streams.cli.demo.errors import DemoError, StopSignal, wait_until
from streams.cli.demo.gateway_feed import Feed
from streams.cli.demo.scenario import DemoTraffic, build_settings, build_traffic, local_settings
from streams.kafka.topics import TopicNames
from streams.runtime.clock import now_ms
from streams.settings.model import Settings
from streams.settings.reference import format_settings

Say = Callable[[str], None]

_SEED: Final = 3
"""The first seconds of this seed show misreads, an outage, and malformed records."""
_WORLD_READS: Final = 60_000
_WORLD_S: Final = (60.0, 1200.0)
"""Seconds of traffic simulated at a time, so that making a world takes seconds."""
_MARGIN_S: Final = 10.0
_TICK_S: Final = 0.02
_CHECK_INTERVAL_S: Final = 0.5
_REPORT_INTERVAL_S: Final = 10.0
_READY_TIMEOUT_S: Final = 60.0
_PROCESSING_TIMEOUT_S: Final = 10.0
_TABLE_DELAY_S: Final = 0.3
_SHUTDOWN_TIMEOUT_S: Final = 15.0
_ABORT_TIMEOUT_S: Final = 3.0
"""The same after an error, when nothing has to be kept."""


def run(
    user_settings: Settings | None, rate: float, seconds: float | None, stop_signal: StopSignal, say: Say
) -> str:
    """Show the stream for some seconds, or until a signal; return a summary line.

    Raises DemoError for what cannot be started or fails, and NotStartedError after a signal before the
    traffic starts; everything that was started is stopped then too.
    """
    shown_settings, notes = build_settings(user_settings)
    for note in notes:
        say(f"note: {note}")
    with DemoEnvironment(say, stop_signal) as environment, ExitStack() as stack:
        environment.start_kafka()
        settings = local_settings(shown_settings, environment.servers, environment.folder)
        names = settings.topics.names()
        environment.create_topics(settings.topics)
        environment.wait_for_group(settings.worker.group)
        worlds = _Worlds(settings, rate, seconds)
        traffic = worlds.make_next()
        environment.load_alerts(names.alerts, traffic.alerts.values())
        say(f"lists: {len(traffic.alerts)} synthetic alerts on {', '.join(settings.lists)}")
        stop_signal.raise_if_set()
        config = environment.folder / "settings.toml"
        config.write_text(format_settings(settings), "utf-8")
        worker, table = _start_children(config, stack, stop_signal, say)
        feed = stack.enter_context(
            Feed(environment.client_options("cameras"), settings.topics.reads_topic, traffic)
        )
        say(
            f"cameras: {len(traffic.world.cameras)} at {len(traffic.world.roads.sites)} sites, "
            f"{rate:g} reads a second; " + (f"for {seconds:g} s" if seconds else "Ctrl-C ends")
        )

        def check() -> None:
            _check_children((worker, table))
            environment.check_running()
            if feed.is_exhausted:
                following = worlds.make_next()
                environment.load_alerts(names.alerts, following.alerts.values())
                feed.replace_traffic(following)

        _feed_until_stopped(feed, check, seconds, stop_signal, say)
        return _finish(environment, feed, (worker, table), settings, stop_signal, say)


def _finish(
    environment: DemoEnvironment,
    feed: Feed,
    children: tuple[ChildProcess, ChildProcess],
    settings: Settings,
    stop_signal: StopSignal,
    say: Say,
) -> str:
    """Stop everything in order once the traffic has ended; return the summary."""
    worker, table = children
    names = settings.topics.names()
    say("ending: the cameras are off")
    if lost := feed.flush():
        say(f"cameras: {lost} records were not acknowledged by Kafka")
    if not wait_until(
        lambda: _is_all_processed(environment, settings.worker.group, names),
        stop_signal,
        _PROCESSING_TIMEOUT_S,
    ):
        say("worker: stopped before it had processed all reads")
    if not worker.stop(stop_signal, _SHUTDOWN_TIMEOUT_S):
        say("worker: did not end in time; killed")
    summary = _summary(environment, feed, names)
    # All hits are on their topic by now; give the display time to show the last ones.
    time.sleep(_TABLE_DELAY_S)
    table.stop(stop_signal, _SHUTDOWN_TIMEOUT_S)
    say("ending: Kafka stops")
    return summary


def _start_children(
    config: Path, stack: ExitStack, stop_signal: StopSignal, say: Say
) -> tuple[ChildProcess, ChildProcess]:
    """Start the worker and the display of hits, and wait until both are ready."""
    worker = ChildProcess("worker", ("worker",), config, "ready:", say)
    stack.callback(worker.stop, stop_signal, _ABORT_TIMEOUT_S)
    table = ChildProcess("hits", ("hits", "tail", "--from-start"), config, "waiting for hits", say)
    stack.callback(table.stop, stop_signal, _ABORT_TIMEOUT_S)
    both = (worker, table)

    def settled() -> bool:
        return all(each.ready for each in both) or _first_exited(both) is not None or bool(stop_signal)

    if not wait_until(settled, stop_signal, _READY_TIMEOUT_S):
        stop_signal.raise_if_set()
        slow = " and ".join(each.name for each in both if not each.ready)
        raise DemoError(f"not ready within {_READY_TIMEOUT_S:.0f} s: {slow}")
    stop_signal.raise_if_set()
    _check_children(both)
    say("worker: ready")
    return both


class _Worlds:
    """Makes simulated worlds one after another, each beginning when it is made."""

    def __init__(self, settings: Settings, rate: float, seconds: float | None) -> None:
        self._settings = settings
        self._rate = rate
        shortest, longest = _WORLD_S
        self._world_s = min(max(_WORLD_READS / rate, shortest), longest)
        if seconds is not None:
            self._world_s = min(self._world_s, seconds + _MARGIN_S)
        self._seed = _SEED

    def make_next(self) -> DemoTraffic:
        """Return the traffic of the next world, from now on."""
        traffic = build_traffic(self._settings, self._seed, self._world_s, self._rate, now_ms())
        self._seed += 1
        return traffic


def _feed_until_stopped(
    feed: Feed, check: Callable[[], None], seconds: float | None, stop_signal: StopSignal, say: Say
) -> None:
    began, start = time.monotonic(), now_ms()
    next_check_s, next_report_s = _CHECK_INTERVAL_S, _REPORT_INTERVAL_S
    while not stop_signal.wait(_TICK_S):
        elapsed = time.monotonic() - began
        feed.send(start + round(min(elapsed, seconds or elapsed) * 1000))
        if seconds is not None and elapsed >= seconds:
            return
        if elapsed >= next_check_s:
            next_check_s += _CHECK_INTERVAL_S
            check()
        if elapsed >= next_report_s:
            next_report_s += _REPORT_INTERVAL_S
            say(f"cameras: {feed.reads:,} reads sent")


def _is_all_processed(environment: DemoEnvironment, group: str, names: TopicNames) -> bool:
    try:
        return environment.is_committed(group, (*names.reads, names.matches))
    except KafkaError:
        return False


def _summary(environment: DemoEnvironment, feed: Feed, names: TopicNames) -> str:
    found = feed.evaluate(environment.latest_hits(names.hits))
    try:
        rejected = sum(environment.end_offsets((names.rejected,)).values())
    except KafkaError as error:
        raise DemoError(f"Kafka: {error or type(error).__name__}") from error
    return (
        f"{feed.reads:,} reads sent, {feed.misread:,} misread, {rejected:,} rejected; "
        f"hits for {found.detected} of {found.passages} listed passages, {found.only_misread} never "
        "read right; "
        f"{found.historical} historical, {found.wrong} wrong"
    )


def _check_children(children: Sequence[ChildProcess]) -> None:
    ended = _first_exited(children)
    if ended is not None:
        raise DemoError(f"{ended.name}: ended by itself with exit code {ended.exit_code}")


def _first_exited(children: Sequence[ChildProcess]) -> ChildProcess | None:
    return next((each for each in children if each.exit_code is not None), None)
