"""`anpr explain`: the formats a plate fits, the alerts it would match, and why; or why there was a hit."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import click
import orjson

from streams.alerts import Index
from streams.cli.common.hit_text import describe_differences
from streams.cli.common.options import INPUT_FILE, config_option, options_object, read_models, read_settings
from streams.cli.common.progress import file_progress, say
from streams.cli.common.terminal import print_lines
from streams.cli.common.text import LABEL_WIDTH
from streams.cli.common.times import TIME
from streams.cli.explain_hit import find_hit_in_files, find_hit_on_kafka, format_hit
from streams.files.jsonl import InputFileError
from streams.files.loading import load_index
from streams.matching.candidates import find_candidates
from streams.matching.explain import Explanation, MatchDecision
from streams.matching.explain import explain as explain_read
from streams.matching.scoring.prefilter import Prefilter
from streams.pipeline import build_matcher
from streams.plates.confusables import BUILTIN_CLASSES
from streams.plates.formats import builtin_formats
from streams.plates.plate_columns import to_columns
from streams.records.countries import COUNTRIES
from streams.records.decode import decode_reads
from streams.records.encode import encode
from streams.records.read import Read
from streams.records.times import Millis, from_ms, to_rfc3339
from streams.runtime.clock import now_ms
from streams.runtime.errors import OperatorError
from streams.settings.model import Settings

_MAX_SHOWN: Final = 12
_DETAIL_INDENT: Final = 10
"""Columns before the text of a decision."""


class _ExplainOptions(NamedTuple):
    """The argument and the options of the command."""

    read_text: str
    country: str | None
    confidence: float | None
    alerts: tuple[str, ...]
    at_ms: Millis | None
    config: Path | None
    as_json: bool
    hits: tuple[str, ...]
    kafka: bool


@click.command(short_help="Explain why a READ or a hit matches, or does not.")
@click.argument("read_text", metavar="READ")
@click.option("--country", metavar="CODE", help="Country read, ISO 3166-1 alpha-2; by default unknown.")
@click.option(
    "--confidence", type=click.FloatRange(0, 1), help="Confidence of the recogniser in the whole plate."
)
@click.option(
    "--alerts",
    multiple=True,
    metavar="FILE",
    type=INPUT_FILE,
    help="Alerts to match the read against, JSON lines (.gz); may be repeated.",
)
@click.option("--at", "at_ms", type=TIME, help="Time of the read; by default that in READ, or now.")
@config_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
@click.option(
    "--hits",
    multiple=True,
    metavar="FILE",
    type=INPUT_FILE,
    help="Hits, JSON lines (.gz; - is standard input), of which READ names one; may be repeated.",
)
@click.option("--kafka", is_flag=True, help="Hits on Kafka, of which READ names one.")
@options_object(_ExplainOptions)
def explain(options: _ExplainOptions) -> None:
    """Explain a READ: its normal form, the formats it fits, what it would match and why.

    READ is a plate as read, or a whole read as a JSON object, with what the recogniser says of the plate and
    the vehicle. With --alerts each alert that it might match follows, with the rule that decides, the
    probability that it is the listed vehicle, and the reasons.

    With --hits or --kafka, READ is the id of a hit, or its first 8 digits or more as `anpr hits tail` and
    `anpr replay` show them; its latest revision is explained.

    Exit codes: 0 done; 1 a file is damaged, the settings have faults, or Kafka cannot be read; 2 wrong use,
    or no such hit.
    """
    if options.hits or options.kafka:
        _explain_hit(options)
        return
    if options.country is not None and options.country not in COUNTRIES:
        raise click.BadParameter(
            f"must be a country's ISO 3166-1 alpha-2 code in upper case, got {options.country}",
            param_hint="--country",
        )
    if options.confidence is not None and options.confidence != options.confidence:
        raise click.BadParameter("must be a number from 0 to 1, got nan", param_hint="--confidence")
    settings = read_settings(options.config)
    read = _parse_read(options)
    explanation = _explain(read, options.alerts, settings)
    if options.as_json:
        click.echo(encode(explanation))
        return
    captured_at = to_rfc3339(read.captured_at)
    for line in _format_explanation(explanation, read.country, bool(options.alerts), captured_at):
        print_lines(line, _DETAIL_INDENT if line.startswith(" ") else LABEL_WIDTH)


def _explain_hit(options: _ExplainOptions) -> None:
    """Print the explanation of the hit that the argument names. Raises click.UsageError, OperatorError."""
    if options.hits and options.kafka:
        raise click.UsageError("--hits and --kafka both name the hits; give one")
    of_a_read = (options.country, options.confidence, options.at_ms)
    if options.alerts or any(value is not None for value in of_a_read):
        raise click.UsageError("--alerts, --at, --country and --confidence go with a read, not with a hit")
    if options.kafka:
        hit = find_hit_on_kafka(options.read_text, read_settings(options.config))
    else:
        hit = find_hit_in_files(options.read_text, options.hits)
    click.echo(encode(hit) if options.as_json else "\n".join(format_hit(hit)))


def _parse_read(options: _ExplainOptions) -> Read:
    """Return the read in the argument; options take precedence over its fields. Raises click.BadParameter."""
    text = options.read_text
    fields: dict[str, object] = {"plate": text}
    if text.lstrip().startswith("{"):
        try:
            fields = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise click.BadParameter(
                f"is not valid JSON ({error}); give a plate, or one whole read as a JSON object",
                param_hint="READ",
            ) from None
    fields = {
        "read_id": "explain",
        "camera_id": "explain",
        "captured_at": to_rfc3339(from_ms(now_ms())),
        **fields,
    }
    captured_at = to_rfc3339(from_ms(options.at_ms)) if options.at_ms is not None else None
    overrides = {"captured_at": captured_at, "country": options.country, "confidence": options.confidence}
    fields.update({name: value for name, value in overrides.items() if value is not None})
    try:
        record = orjson.dumps(fields)
    except TypeError:
        raise click.BadParameter("must be UTF-8 text", param_hint="READ") from None
    decoded = decode_reads([record])
    if decoded.rejected:
        faults = "; ".join(map(str, decoded.rejected[0].faults))
        raise click.BadParameter(faults, param_hint="READ")
    return decoded.reads[0]


def _explain(read: Read, alerts: tuple[str, ...], settings: Settings) -> Explanation:
    """Explain a read against the alerts in files. Raises click.BadParameter for its plate, OperatorError."""
    matcher = build_matcher(settings.pipeline(read_models(settings)))
    index = _build_index(alerts, settings.matching_rules.fuzzy_lists) if alerts else Index()
    batch = to_columns([read.plate])
    if batch.faults:
        raise click.BadParameter(f"a plate {batch.faults[0]}", param_hint="READ")
    # Unlikely candidates too: the command says why they are no hits.
    accept_all = Prefilter(matcher.scorer, 0.0)
    candidates = [
        (candidate.alert, index.is_effective(candidate.alert, read.captured_at))
        for candidate in find_candidates([read], batch, index, accept_all)
    ]
    return explain_read(read, candidates, matcher, builtin_formats(), BUILTIN_CLASSES)


def _build_index(alerts: tuple[str, ...], fuzzy_lists: list[str]) -> Index:
    try:
        with file_progress("lists", alerts) as progress:
            loaded = load_index(alerts, progress, fuzzy_lists)
    except InputFileError as error:
        raise OperatorError(f"{error}; nothing was explained") from error
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
        yield "would fit if characters that cannot be at their position were misread"
        for fit in settled:
            yield f"  {fit.country}  {fit.grouped:<12} {fit.format}"
    if free:
        names = ", ".join(dict.fromkeys(f"{fit.country} {fit.format}" for fit in free))
        yield f"fits also     {names} (nearly any text does)"
    if explanation.confusable:
        groups = ", ".join(
            f"{char} with {' '.join(group.replace(char, ''))}"
            for char, group in explanation.confusable.items()
        )
        yield f"confusable    {groups}"
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
        yield from (f"          {reason}" for reason in decision.reasons)
        return
    yield f"  HIT     {name}"
    likely = f", {decision.match.posterior:.4g} likely" if decision.match.posterior is not None else ""
    yield f"          {decision.match.class_}{likely}"
    for line in (*describe_differences(decision.match), *decision.match.reasons):
        yield f"          {line}"
