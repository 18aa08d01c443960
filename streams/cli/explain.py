"""`anpr explain`: what a plate is, and what it would match and why."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
import orjson

from streams.alerts import Index
from streams.cli.common.hit_table import describe_differences
from streams.cli.common.options import INPUT_FILE, config_option, read_models, read_settings
from streams.cli.common.progress import file_progress, say
from streams.cli.common.times import TIME
from streams.files.jsonl import InputFileError
from streams.files.loading import load_index
from streams.matching.candidates import find_candidates
from streams.matching.explain import Explanation, MatchDecision
from streams.matching.explain import explain as explained
from streams.matching.scoring.prefilter import Prefilter
from streams.pipeline import build_matcher
from streams.plates.confusables import BUILTIN_CLASSES
from streams.plates.formats import builtin_formats
from streams.plates.packed_keys import to_columns
from streams.records.countries import COUNTRIES
from streams.records.decode import decode_reads
from streams.records.encode import encode
from streams.records.read import Read
from streams.records.times import from_ms, to_rfc3339

_MAX_SHOWN: int = 12


@click.command()
@click.argument("read_text", metavar="READ")
@click.option("--country", metavar="CODE", help="The country read, ISO 3166-1 alpha-2; else unknown.")
@click.option(
    "--confidence", type=click.FloatRange(0, 1), help="How sure the reader was of the whole plate, 0 to 1."
)
@click.option(
    "--alerts",
    multiple=True,
    metavar="FILE",
    type=INPUT_FILE,
    help="Alerts to hold it against, JSON lines (.gz).",
)
@click.option("--at", type=TIME, help="When it was read; else as the read says, or now.")
@config_option
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def explain(
    read_text: str,
    country: str | None,
    confidence: float | None,
    alerts: tuple[str, ...],
    at: int | None,
    config: Path | None,
    as_json: bool,
) -> None:
    """Explain a READ: its normal form, the formats it fits, what it would match and why.

    READ is a plate as read, or a whole read as a JSON object, with what the recogniser says of it and of the
    vehicle. With --alerts, also each alert that it might match, with the rule that says yes or no, how likely
    it is the listed vehicle, and why.
    """
    if country is not None and country not in COUNTRIES:
        raise click.BadParameter(
            f"{country}: a country's ISO 3166-1 alpha-2 code in upper case", param_hint="--country"
        )
    if confidence is not None and confidence != confidence:
        raise click.BadParameter("is a number from 0 to 1, not nan", param_hint="--confidence")
    settings = read_settings(config)
    read = _parse_read(read_text, at, country, confidence)
    judge = build_matcher(settings.pipeline(read_models(settings)))
    try:
        index = _build_index(alerts, settings.matching_rules.fuzzy_lists) if alerts else Index()
    except InputFileError as error:
        say(f"anpr explain: {error}")
        sys.exit(1)
    batch = to_columns([read.plate])
    if batch.faults:
        raise click.BadParameter(f"a plate {batch.faults[0]}", param_hint="READ")
    # Also those that are too unlikely to be hits: why they are none is asked for here.
    everything = Prefilter(judge.scorer, 0.0)
    found = explained(
        read,
        [
            (candidate.alert, index.is_effective(candidate.alert, read.captured_at))
            for candidate in find_candidates([read], batch, index, everything)
        ],
        judge,
        builtin_formats(),
        BUILTIN_CLASSES,
    )
    if as_json:
        click.echo(encode(found))
        return
    for line in _format_explanation(found, read.country, bool(alerts), to_rfc3339(read.captured_at)):
        click.echo(line)


def _parse_read(text: str, at_ms: int | None, country: str | None, confidence: float | None) -> Read:
    """The read that a plate, or a JSON object with the fields of a read, stands for; options go before it."""
    given: dict[str, object] = {"plate": text}
    if text.lstrip().startswith("{"):
        try:
            given = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise click.BadParameter(
                f"no JSON object ({error}); give a plate, or one whole read as JSON", param_hint="READ"
            ) from None
    given = {
        "read_id": "explain",
        "camera_id": "explain",
        "captured_at": to_rfc3339(datetime.now(UTC)),
        **given,
    }
    captured = to_rfc3339(from_ms(at_ms)) if at_ms is not None else None
    options = {"captured_at": captured, "country": country, "confidence": confidence}
    given.update({name: value for name, value in options.items() if value is not None})
    try:
        record = orjson.dumps(given)
    except TypeError:
        raise click.BadParameter("is no text in UTF-8; give it in UTF-8", param_hint="READ") from None
    decoded = decode_reads([record])
    if decoded.rejected:
        faults = "; ".join(map(str, decoded.rejected[0].faults))
        raise click.BadParameter(faults, param_hint="READ")
    return decoded.reads[0]


def _build_index(alerts: tuple[str, ...], fuzzy_lists: list[str]) -> Index:
    with file_progress("lists", alerts) as progress:
        loaded = load_index(alerts, progress, fuzzy_lists)
    for entry in loaded.rejected[:_MAX_SHOWN]:
        say(str(entry))
    return loaded.alert_index


def _format_explanation(
    explanation: Explanation, country: str | None, with_alerts: bool, captured_at: str
) -> Iterator[str]:
    yield f"normal form   {explanation.plate}" + (f", read as {country}" if country else ", country unknown")
    regular = [fit for fit in explanation.formats if not fit.settled and not fit.free]
    settled = [fit for fit in explanation.formats if fit.settled]
    free = [fit for fit in explanation.formats if fit.free]
    yield "fits          " + ("no regular format as it stands" if not regular else "")
    for fit in regular:
        yield f"  {fit.country}  {fit.grouped:<12} {fit.format}"
    if settled:
        yield "would fit, if characters that cannot stand at their place were misread"
        for fit in settled:
            yield f"  {fit.country}  {fit.grouped:<12} {fit.format}"
    if free:
        names = ", ".join(dict.fromkeys(f"{fit.country} {fit.format}" for fit in free))
        yield f"fits also     {names} (nearly any text does, so this says little)"
    if explanation.confusable:
        kin = ", ".join(
            f"{char} with {' '.join(group.replace(char, ''))}"
            for char, group in explanation.confusable.items()
        )
        yield f"confusable    {kin}"
    shown = ", ".join(explanation.would_match[:_MAX_SHOWN])
    more = (
        f" and {len(explanation.would_match) - _MAX_SHOWN} more"
        if len(explanation.would_match) > _MAX_SHOWN
        else ""
    )
    yield f"would match   a listed {shown}{more} (in mode confusable; in mode exact only {explanation.plate})"
    if with_alerts:
        yield f"alerts        {len(explanation.rulings)} that it might match, at {captured_at}"
        for ruling in explanation.rulings:
            yield from _format_decision(ruling)


def _format_decision(decision: MatchDecision) -> Iterator[str]:
    alert = decision.alert
    country = alert.country or "any country"
    name = f"{alert.list_id}/{alert.alert_id} version {alert.version}: {alert.plate} {country}"
    if decision.match is None or decision.why_not:
        yield f"  no hit  {name}"
        yield f"          {decision.why_not} ({decision.rule})"
        yield from (f"          {words}" for words in decision.reasons)
        return
    yield f"  HIT     {name}"
    likely = f", {decision.match.posterior:.4g} likely" if decision.match.posterior is not None else ""
    yield f"          {decision.match.class_}{likely}"
    for words in (*describe_differences(decision.match), *decision.match.reasons):
        yield f"          {words}"
