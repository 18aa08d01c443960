"""`anpr lookback` over files, with hits printed as by `anpr replay`."""

from collections import Counter
from contextlib import ExitStack
from time import perf_counter
from typing import NamedTuple

import click

from streams.alerts.index import Index
from streams.cli.common.hit_output import HitOutput, open_output
from streams.cli.common.options import read_models
from streams.cli.common.progress import file_progress, say
from streams.cli.common.rejected_lines import RejectedLines
from streams.cli.common.text import counted, printable, wrap
from streams.cli.common.vehicle_summary import VehicleSummary
from streams.cli.lookback.request import LookbackOptions, any_permitted, format_key, report_refused
from streams.files.jsonl import InputFileError
from streams.files.loading import LoadedLists, load_index
from streams.lookback.over_files import ScanStep, scan_file
from streams.matching.lookback import LookbackRequest, LookbackSearch
from streams.pipeline import Pipeline, build_matcher
from streams.records.alert import Alert, alert_key
from streams.records.read import Read
from streams.records.times import Millis, to_ms
from streams.runtime.clock import now_ms
from streams.runtime.errors import OperatorError
from streams.runtime.gc_tuning import GcProfile, tune_gc
from streams.settings.model import Settings


class LookbackFiles(NamedTuple):
    """The files, and the options that go with them."""

    alerts: tuple[str, ...]
    reads: tuple[str, ...]
    country: str | None
    now_ms: Millis | None
    out: str | None
    rejected: str | None
    as_json: bool | None
    wide: bool


def run_over_files(settings: Settings, selection: LookbackOptions, files: LookbackFiles) -> None:
    """Match alerts against files of reads and print the hits.

    Raises OperatorError if a file cannot be read or an alert does not exist, click.exceptions.Exit if no
    alert may be searched for.
    """
    at_ms = now_ms() if files.now_ms is None else files.now_ms
    began = perf_counter()
    damage: InputFileError | None = None
    with ExitStack() as stack:
        rejected_file = stack.enter_context(open_output(files.rejected)) if files.rejected else None
        rejects = RejectedLines(rejected_file, hint="--rejected FILE writes all")
        output = HitOutput(stack, files.out, files.as_json, files.wide)
        lists = _load_alerts(settings, files.alerts, rejects)
        countries = _CameraCountries(settings, files.country)
        alerts = _select_alerts(selection, lists.alert_index, at_ms)
        requests = _build_requests(settings, selection, alerts, countries.countries, at_ms)
        report_refused(requests)
        if not any_permitted(requests):
            raise click.exceptions.Exit(1)
        config = settings.pipeline(read_models(settings))
        search = LookbackSearch(requests, build_matcher(config), settings.matching_rules.fuzzy_lists)
        pipeline = Pipeline(config, lists.alert_index)
        tune_gc(GcProfile.BATCHES)
        summary = _LookbackSummary()
        vehicles = VehicleSummary()
        try:
            with file_progress("reads", files.reads) as progress:
                for path in files.reads:
                    for step in scan_file(pipeline, search, path, at_ms, countries.for_read, progress):
                        rejects.add(step.rejected)
                        output.write(step.hits)
                        summary.add(step)
                        vehicles.add(step.hits)
        except InputFileError as error:
            damage = error
        output.finish()
    rejects.report_remaining()
    summary.report()
    alert_count = sum(1 for request in requests if request.scope.permitted)
    say(
        f"{summary.reads:,} reads searched for {counted(alert_count, 'alert')}: {summary.matched:,} matched; "
        f"{counted(rejects.count, 'line')} rejected; {perf_counter() - began:.1f} s"
    )
    say("\n".join(wrap(vehicles.describe(), "  ")))
    if damage is not None:
        raise OperatorError(f"{damage}; only the lines before that were searched")


def _load_alerts(settings: Settings, paths: tuple[str, ...], rejects: RejectedLines) -> LoadedLists:
    try:
        with file_progress("lists", paths) as progress:
            lists = load_index(paths, progress, settings.matching_rules.fuzzy_lists)
    except InputFileError as error:
        raise OperatorError(f"{error}; nothing was searched") from error
    rejects.add(lists.rejected)
    return lists


def _select_alerts(selection: LookbackOptions, index: Index, at_ms: Millis) -> list[Alert]:
    """Return the alerts named, or all, that are effective at a time; print how many are not.

    Raises OperatorError if one that is named does not exist.
    """
    if selection.keys:
        by_key = {key: index.get(key) for key in selection.keys}
        missing = [format_key(key) for key, alert in by_key.items() if alert is None]
        if missing:
            raise OperatorError(f"not in the files: {', '.join(missing)}; name alerts that the files have")
        alerts = [alert for alert in by_key.values() if alert is not None]
    else:
        alerts = sorted(index.alerts(), key=alert_key)
    effective = [alert for alert in alerts if index.valid_until_ms(alert) > at_ms]
    if len(effective) < len(alerts):
        over = counted(len(alerts) - len(effective), "alert")
        say(f"{over} withdrawn or expired by then, and not searched for")
    return effective


def _build_requests(
    settings: Settings,
    selection: LookbackOptions,
    alerts: list[Alert],
    retained_countries: list[str],
    at_ms: Millis,
) -> list[LookbackRequest]:
    """Return the lookbacks for alerts. Raises OperatorError if none is asked for."""
    requests = [
        selection.build_request(alert, settings, retained_countries, at_ms, at_ms) for alert in alerts
    ]
    requests = [request for request in requests if request.hours > 0]
    if not requests:
        raise OperatorError("no alert asks for a lookback (`lookback_hours`); give --hours")
    return requests


class _CameraCountries:
    """The country of each camera: that of its site, else the one given for the files."""

    def __init__(self, settings: Settings, default: str | None) -> None:
        self._places = settings.places
        self._default = default
        sites = [
            self._places.sites.get(site_id or "")
            for camera in settings.cameras.values()
            for site_id in (camera.site, *(former.site for former in camera.earlier))
        ]
        territories = {site.territory for site in sites if site is not None} | {default}
        self.countries = sorted(territory for territory in territories if territory is not None)

    def for_read(self, read: Read) -> str | None:
        """Return the country of a read's camera, or None if it is not known."""
        site = self._places.sites.get(self._places.site_at(read.camera_id, to_ms(read.captured_at)) or "")
        return site.territory if site is not None and site.territory is not None else self._default


class _LookbackSummary:
    """Counts of the reads searched, and of the matches under each authority."""

    def __init__(self) -> None:
        self.reads = 0
        self.matched = 0
        self._unplaced_reads = 0
        self._by_authority: Counter[tuple[str, float, str]] = Counter()

    def add(self, step: ScanStep) -> None:
        """Add the results of a batch."""
        self.reads += step.reads
        self.matched += len(step.matches)
        self._unplaced_reads += step.unplaced
        for match in step.matches:
            if match.lookback is not None:
                self._by_authority[match.lookback.country, match.lookback.hours, match.lookback.source] += 1

    def report(self) -> None:
        """Print how many reads matched under each authority, and how many could not be searched."""
        for (country, hours, source), count in sorted(self._by_authority.items()):
            say(
                f"{country}: {counted(count, 'read')} matched, up to {hours:g} h back, by {printable(source)}"
            )
        if self._unplaced_reads:
            say(
                f"{counted(self._unplaced_reads, 'read')} would match, but the country of the camera is not "
                "known: name a site with a `territory` for the camera, or give --country"
            )
