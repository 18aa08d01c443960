"""The report's page, as a browser shows it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Page

from streams.analysis.operation_report import OperationReport, OperationReportBuilder
from streams.analysis.report_html import render_report
from streams.records.times import from_ms
from tests.support.builders import EXAMPLE_HIT
from tests.support.operations import ENDS_MS, SITES, a_hit, a_verdict, an_admission, an_operation
from tools import install_browser as browser

NAME: Final = 'Tournai & <img src="https://example.org/x" onerror="document.title = 1">'
LISTS: Final = ("sis", '<b id="x">be</b> #000001', "fr $x_1$ & 車")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A real browser."""
    with browser.open_browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def report() -> OperationReport:
    """What came of an operation of thirty hits."""
    classes = ("exact", "confusable", "fuzzy", "pattern")
    reporter = OperationReportBuilder("joint", an_operation(name=NAME, participants=["be-west"]), SITES)
    for number in range(30):
        found = a_hit(
            number,
            an_admission(number / 30, number, number + 20),
            minute=number * 4,
            list_id=LISTS[number % 3],
            class_=classes[number % 4],
            site_id="rekkem" if number % 2 else "camphin",
        )
        reporter.add_hit(found)
    for number in range(0, 30, 2):
        said = "rejected" if number % 3 == 0 else "confirmed"
        reporter.add_verdict(a_verdict(number, said, intercepted=number % 4 == 0))
    return reporter.build(reads=16_114)


@pytest.fixture(scope="module")
def file(report: OperationReport, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page as a file."""
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(render_report(report, from_ms(ENDS_MS)), encoding="utf-8")
    return path


@pytest.fixture
def shown(chromium: Browser, file: Path) -> Iterator[Page]:
    """The page, shown. It asks for nothing, and the browser complains of nothing."""
    view = chromium.new_page(viewport={"width": 1000, "height": 800})
    asked: list[str] = []
    complaints: list[str] = []
    view.on("request", lambda request: asked.append(request.url))
    view.on("console", lambda message: complaints.append(message.text))
    view.on("pageerror", lambda error: complaints.append(str(error)))
    view.goto(file.as_uri())
    yield view
    assert (asked, complaints) == ([file.as_uri()], [])
    view.close()


def test_it_shows_the_figures_of_the_report(shown: Page, report: OperationReport) -> None:
    assert shown.locator("h1").inner_text() == NAME
    assert shown.title() == f"{NAME}: report"
    boxes = dict(
        zip(shown.locator("dt").all_inner_texts(), shown.locator("dd").all_inner_texts(), strict=True)
    )
    total = report.total
    assert boxes == {
        "reads": "16,114",
        "hits": "30",
        "confirmed": str(total.confirmed),
        "rejected": str(total.rejected),
        "open": str(total.open),
        "intercepted": str(total.intercepted),
    }
    rows = shown.get_by_role("region", name="By list").get_by_role("row").all_inner_texts()
    assert [row.split("\t")[:2] for row in rows] == [
        ["list", "hits"], [LISTS[1], "10"], [LISTS[2], "10"], ["sis", "10"]
    ]  # fmt: skip
    over_time = shown.get_by_role("region", name="Hits over time").get_by_role("row").all_inner_texts()
    assert over_time[1].split("\t") == ["2026-05-21 12:00 to 12:05", "1", "1", "0", "0"]
    assert len(over_time) == 1 + 24


def test_each_plot_has_a_name_and_a_table_below_it(shown: Page) -> None:
    plots = shown.get_by_role("img")
    assert [plots.nth(place).locator("title").text_content() for place in range(plots.count())] == [
        "Hits by verdict",
        "Hits by class over time",
        "Hits by list and verdict",
        "Hits by site and verdict",
    ]
    for place in range(plots.count()):
        plot = plots.nth(place)
        box = plot.bounding_box()
        assert box is not None and box["width"] > 500 and box["height"] > 80
        section = plot.locator("xpath=ancestor::section")
        assert section.get_by_role("table").count() == 1
    # What a reader sees is text in the plot too, as it is written.
    words = shown.get_by_role("img", name="Hits by list and verdict").locator("text").all_text_contents()
    assert {*LISTS, "confirmed", "rejected", "open", "10"} <= set(words)
    ids = shown.evaluate("[...document.querySelectorAll('[id]')].map(each => each.id)")
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    ("scheme", "media", "dark"),
    [("light", "screen", False), ("dark", "screen", True), ("dark", "print", False)],
)
def test_it_can_be_read_on_light_and_dark_ground_and_on_paper(
    shown: Page, scheme: str, media: str, dark: bool
) -> None:
    shown.emulate_media(color_scheme=scheme, media=media)  # type: ignore[arg-type]
    ground = luminance(shown.evaluate("getComputedStyle(document.body).backgroundColor"))
    text = luminance(shown.evaluate("getComputedStyle(document.body).color"))
    assert (ground < 0.2) == dark
    assert contrast(ground, text) > 7
    fills = shown.evaluate(
        "[...document.querySelectorAll('svg text')].map(each => getComputedStyle(each).fill)"
    )
    assert fills
    assert all(contrast(ground, luminance(fill)) > 7 for fill in fills)
    bars = shown.evaluate(
        "[...document.querySelectorAll('svg path')].map(each => getComputedStyle(each).fill)"
        ".filter(fill => fill.startsWith('rgb'))"
    )
    # WCAG 2.1, 1.4.11: what a graphic tells has a contrast of 3 to 1; the ground's own colour parts bars.
    assert max(contrast(ground, luminance(fill)) for fill in bars) > 3


def test_on_a_small_screen_only_plots_and_tables_are_moved_sideways(shown: Page) -> None:
    shown.set_viewport_size({"width": 360, "height": 700})
    assert shown.evaluate("document.documentElement.scrollWidth") == 360
    size = shown.evaluate("document.querySelector('svg text').getBoundingClientRect().height")
    assert size > 8


def test_it_prints(shown: Page) -> None:
    assert shown.pdf(format="A4").startswith(b"%PDF")


def test_no_plate_is_in_it_and_nothing_from_elsewhere(file: Path) -> None:
    text = file.read_text("utf-8")
    match = EXAMPLE_HIT.match
    for plate in (EXAMPLE_HIT.read.plate, EXAMPLE_HIT.alert.plate, match.read_plate, match.listed_plate):
        assert plate not in text
    assert "<script" not in text and "<img" not in text
    assert not re.findall(r'(?:src|href)="(?!#)[^"]*"', text)


def test_it_is_the_same_from_the_same_report(report: OperationReport, file: Path) -> None:
    assert render_report(report, from_ms(ENDS_MS)) == file.read_text("utf-8")


def test_an_operation_without_hits_has_a_page(chromium: Browser, tmp_path: Path) -> None:
    path = tmp_path / "empty.html"
    path.write_text(
        render_report(OperationReportBuilder("joint", an_operation(), SITES).build(), from_ms(ENDS_MS)),
        encoding="utf-8",
    )
    view = chromium.new_page()
    view.goto(path.as_uri())
    assert view.locator("h1").inner_text() == "joint"
    assert "reads" not in view.locator("dt").all_inner_texts()
    assert view.get_by_role("img").count() == 2
    view.close()


def luminance(colour: str) -> float:
    """The relative luminance, 0 to 1, of a colour `rgb(...)`, as WCAG 2.1 defines it."""
    parts = [int(each) / 255 for each in re.findall(r"\d+", colour)[:3]]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts]
    return sum(weight * each for weight, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: float, other: float) -> float:
    """The contrast ratio of two luminances, 1 to 21, as WCAG 2.1 defines it."""
    low, high = sorted((one, other))
    return (high + 0.05) / (low + 0.05)
