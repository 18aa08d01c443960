"""`anpr lookback` over files: the hits as `anpr replay` prints them."""

import sys
import tempfile
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from streams.alerts.index import Index
from streams.cli.common.hit_output import Sink, writing
from streams.cli.common.options import models_of
from streams.cli.common.progress import progress_of, say
from streams.cli.common.rejected_lines import Rejects
from streams.cli.common.text import printable, words
from streams.cli.lookback.request import Wish, named, none_allowed, tell_denied
from streams.files.jsonl import FileError
from streams.files.loading import Loaded, load_index
from streams.lookback.over_files import Step, look_back
from streams.matching.lookback import Asked, LookingBack
from streams.matching.matcher import Judge
from streams.pipeline import Pipeline
from streams.records.alert import key_of
from streams.records.read import Read
from streams.records.times import to_ms
from streams.runtime.clock import now_ms
from streams.runtime.gc_tuning import settle
from streams.settings.model import Settings


class Files(NamedTuple):
    """The files, and what else goes with them: see the options of the command."""

    alerts: tuple[str, ...]
    reads: tuple[str, ...]
    country: str | None
    now: int | None
    out: str | None
    rejected: str | None
    as_json: bool | None


def over_files(settings: Settings, wish: Wish, files: Files) -> None:
    """Looks back over files. Ends the command where it cannot go on."""
    now = now_ms() if files.now is None else files.now
    began = perf_counter()
    damaged = False
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="anpr-lookback-")))
        rejected = stack.enter_context(writing(files.rejected)) if files.rejected else None
        rejects = Rejects(rejected, all_by="--rejected FILE writes all")
        sink = Sink(stack, files.out, files.as_json)
        loaded = _loaded(settings, files, folder / "lists.snapshot", rejects)
        countries = _Countries(settings, files.country)
        asked = _asked(settings, wish, loaded.lists, countries.known, now)
        tell_denied(asked)
        if none_allowed(asked):
            sys.exit(1)
        models = models_of(settings)
        judge = Judge(settings.policies, models=models)
        looking = LookingBack(asked, judge, settings.policies.fuzzy)
        pipeline = Pipeline(
            loaded.lists,
            settings.policies,
            settings.correlation,
            settings.places,
            models,
            settings.cooperation,
        )
        settle()
        told = _Told()
        try:
            with progress_of("reads", files.reads) as progress:
                for path in files.reads:
                    for step in look_back(pipeline, looking, path, now, countries.of, progress):
                        rejects.take(step.rejected)
                        sink.take(step.hits)
                        told.take(step)
        except FileError as error:
            say(f"anpr lookback: {error}; the lines before were looked at")
            damaged = True
        sink.finish()
    rejects.sum_up()
    told.tell()
    count = sum(1 for each in asked if each.scope.granted)
    say(
        f"{told.reads:,} reads looked at for {words(count, 'alert')}: {told.matched:,} matched; "
        f"{sink.standing:,} hits stand at the end; {rejects.count:,} lines rejected; "
        f"{perf_counter() - began:.1f} s"
    )
    if damaged:
        sys.exit(1)


def _loaded(settings: Settings, files: Files, snapshot: Path, rejects: Rejects) -> Loaded:
    try:
        with progress_of("lists", files.alerts) as progress:
            loaded = load_index(files.alerts, snapshot, progress, settings.policies.fuzzy)
    except FileError as error:
        say(f"anpr lookback: {error}; nothing was looked at")
        sys.exit(1)
    rejects.take(loaded.rejected)
    return loaded


def _asked(settings: Settings, wish: Wish, lists: Index, kept: list[str], now: int) -> list[Asked]:
    """The look backs wished for; ends the command if an alert is not there or none is asked for."""
    if wish.keys:
        found = {key: lists.get(key) for key in wish.keys}
        alerts = [alert for alert in found.values() if alert is not None]
        missing = [named(key) for key, alert in found.items() if alert is None]
        if missing:
            say(f"anpr lookback: not in the files: {', '.join(missing)}")
            sys.exit(1)
    else:
        alerts = sorted(lists.alerts(), key=key_of)
    asked = [wish.of(alert, settings, kept, now, now) for alert in alerts if lists.ends_at(alert) > now]
    over = len(alerts) - len(asked)
    if over:
        say(f"{words(over, 'alert')} withdrawn or expired by then, and not looked back for")
    asked = [each for each in asked if each.hours > 0]
    if not asked:
        say("anpr lookback: no alert asks for it (`lookback_hours`), and --hours was not given")
        sys.exit(1)
    return asked


class _Countries:
    """The country of each camera: that of its site, else the one given for the files."""

    def __init__(self, settings: Settings, given: str | None) -> None:
        self._places = settings.places
        self._given = given
        territories = {site.territory for site in settings.sites.values()} | {given}
        self.known = sorted(each for each in territories if each is not None)

    def of(self, read: Read) -> str | None:
        """The country of a read's camera; None if it is not known."""
        site = self._places.sites.get(self._places.site_of(read.camera_id, to_ms(read.captured_at)) or "")
        return site.territory if site is not None and site.territory is not None else self._given


class _Told:
    """What was looked at so far, and under which authority something was found."""

    def __init__(self) -> None:
        self.reads = 0
        self.matched = 0
        self._unplaced = 0
        self._by: Counter[tuple[str, float, str]] = Counter()

    def take(self, step: Step) -> None:
        """Takes what a batch gave."""
        self.reads += step.reads
        self.matched += len(step.matches)
        self._unplaced += step.unplaced
        for match in step.matches:
            if match.lookback is not None:
                self._by[match.lookback.country, match.lookback.hours, match.lookback.source] += 1

    def tell(self) -> None:
        """Says by which authority how many reads matched, and what could not be looked at."""
        for (country, hours, source), count in sorted(self._by.items()):
            say(f"{country}: {words(count, 'read')} matched, up to {hours:g} h back, by {printable(source)}")
        if self._unplaced:
            say(
                f"{words(self._unplaced, 'read')} would match, but the country of the camera is not known: "
                "name a site with a `territory` for the camera, or give --country"
            )
