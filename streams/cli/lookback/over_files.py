"""`anpr lookback` over files: the hits as `anpr replay` prints them."""

import sys
from collections import Counter
from contextlib import ExitStack
from time import perf_counter
from typing import NamedTuple

from streams.alerts.index import Index
from streams.cli.common.hit_output import HitOutput, open_output
from streams.cli.common.options import read_models
from streams.cli.common.progress import file_progress, say
from streams.cli.common.rejected_lines import RejectedLines
from streams.cli.common.text import counted, printable
from streams.cli.lookback.request import LookbackOptions, format_key, none_permitted, report_refused
from streams.files.jsonl import InputFileError
from streams.files.loading import LoadedLists, load_index
from streams.lookback.over_files import ScanStep, scan_file
from streams.matching.lookback import LookbackRequest, LookbackSearch
from streams.pipeline import Pipeline, build_matcher
from streams.records.alert import alert_key
from streams.records.read import Read
from streams.records.times import to_ms
from streams.runtime.clock import now_ms
from streams.runtime.gc_tuning import GcProfile, tune_gc
from streams.settings.model import Settings


class LookbackFiles(NamedTuple):
    """The files, and what else goes with them: see the options of the command."""

    alerts: tuple[str, ...]
    reads: tuple[str, ...]
    country: str | None
    now_ms: int | None
    out: str | None
    rejected: str | None
    as_json: bool | None


def run_over_files(settings: Settings, lookback_options: LookbackOptions, files: LookbackFiles) -> None:
    """Looks back over files. Ends the command where it cannot go on."""
    now = now_ms() if files.now_ms is None else files.now_ms
    began = perf_counter()
    damaged = False
    with ExitStack() as stack:
        rejected = stack.enter_context(open_output(files.rejected)) if files.rejected else None
        rejects = RejectedLines(rejected, hint="--rejected FILE writes all")
        sink = HitOutput(stack, files.out, files.as_json)
        loaded = _load_alerts(settings, files, rejects)
        countries = _CameraCountries(settings, files.country)
        asked = _build_requests(settings, lookback_options, loaded.alert_index, countries.countries, now)
        report_refused(asked)
        if none_permitted(asked):
            sys.exit(1)
        config = settings.pipeline(read_models(settings))
        looking = LookbackSearch(asked, build_matcher(config), settings.matching_rules.fuzzy_lists)
        pipeline = Pipeline(config, loaded.alert_index)
        tune_gc(GcProfile.BATCHES)
        told = _LookbackSummary()
        try:
            with file_progress("reads", files.reads) as progress:
                for path in files.reads:
                    for step in scan_file(pipeline, looking, path, now, countries.for_read, progress):
                        rejects.add(step.rejected)
                        sink.write(step.hits)
                        told.add(step)
        except InputFileError as error:
            say(f"anpr lookback: {error}; the lines before were looked at")
            damaged = True
        sink.finish()
    rejects.report_remaining()
    told.report()
    count = sum(1 for each in asked if each.scope.permitted)
    say(
        f"{told.reads:,} reads looked at for {counted(count, 'alert')}: {told.matched:,} matched; "
        f"{sink.active_count:,} hits stand at the end; {rejects.count:,} lines rejected; "
        f"{perf_counter() - began:.1f} s"
    )
    if damaged:
        sys.exit(1)


def _load_alerts(settings: Settings, files: LookbackFiles, rejects: RejectedLines) -> LoadedLists:
    try:
        with file_progress("lists", files.alerts) as progress:
            loaded = load_index(files.alerts, progress, settings.matching_rules.fuzzy_lists)
    except InputFileError as error:
        say(f"anpr lookback: {error}; nothing was looked at")
        sys.exit(1)
    rejects.add(loaded.rejected)
    return loaded


def _build_requests(
    settings: Settings,
    lookback_options: LookbackOptions,
    lists: Index,
    retained_countries: list[str],
    now_ms: int,
) -> list[LookbackRequest]:
    """The look backs wished for; ends the command if an alert is not there or none is asked for."""
    if lookback_options.keys:
        found = {key: lists.get(key) for key in lookback_options.keys}
        alerts = [alert for alert in found.values() if alert is not None]
        missing = [format_key(key) for key, alert in found.items() if alert is None]
        if missing:
            say(f"anpr lookback: not in the files: {', '.join(missing)}")
            sys.exit(1)
    else:
        alerts = sorted(lists.alerts(), key=alert_key)
    asked = [
        lookback_options.build_request(alert, settings, retained_countries, now_ms, now_ms)
        for alert in alerts
        if lists.valid_until_ms(alert) > now_ms
    ]
    over = len(alerts) - len(asked)
    if over:
        say(f"{counted(over, 'alert')} withdrawn or expired by then, and not looked back for")
    asked = [each for each in asked if each.hours > 0]
    if not asked:
        say("anpr lookback: no alert asks for it (`lookback_hours`), and --hours was not given")
        sys.exit(1)
    return asked


class _CameraCountries:
    """The country of each camera: that of its site, else the one given for the files."""

    def __init__(self, settings: Settings, default: str | None) -> None:
        self._places = settings.places
        self._default = default
        territories = {site.territory for site in settings.sites.values()} | {default}
        self.countries = sorted(each for each in territories if each is not None)

    def for_read(self, read: Read) -> str | None:
        """The country of a read's camera; None if it is not known."""
        site = self._places.sites.get(self._places.site_at(read.camera_id, to_ms(read.captured_at)) or "")
        return site.territory if site is not None and site.territory is not None else self._default


class _LookbackSummary:
    """What was looked at so far, and under which authority something was found."""

    def __init__(self) -> None:
        self.reads = 0
        self.matched = 0
        self._unplaced_reads = 0
        self._by_authority: Counter[tuple[str, float, str]] = Counter()

    def add(self, step: ScanStep) -> None:
        """Takes what a batch gave."""
        self.reads += step.reads
        self.matched += len(step.matches)
        self._unplaced_reads += step.unplaced
        for match in step.matches:
            if match.lookback is not None:
                self._by_authority[match.lookback.country, match.lookback.hours, match.lookback.source] += 1

    def report(self) -> None:
        """Says by which authority how many reads matched, and what could not be looked at."""
        for (country, hours, source), count in sorted(self._by_authority.items()):
            say(
                f"{country}: {counted(count, 'read')} matched, up to {hours:g} h back, by {printable(source)}"
            )
        if self._unplaced_reads:
            say(
                f"{counted(self._unplaced_reads, 'read')} would match, but the country of the camera "
                "is not known: "
                "name a site with a `territory` for the camera, or give --country"
            )
