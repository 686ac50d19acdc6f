"""The report as a browser gets it: everything escaped, nothing loaded, nothing run."""

from __future__ import annotations

from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from coworld_tui.roles.certification_outcome import CertificationOutcome
from coworld_tui.roles.certification_report import report_html
from coworld_tui.roles.sources import SourceResult
from coworld_tui.roles.steps import STEPS, StepState
from coworld_tui.runner.outcome import Outcome

ALLOWED = {"html", "head", "meta", "title", "style", "body", "main", "section", "h1", "h2", "p", "strong"}
ALLOWED |= {"div", "span", "table", "thead", "tbody", "tr", "th", "td", "code", "dl", "dt", "dd"}
ATTRIBUTES = frozenset({"lang", "charset", "name", "content", "class"})
HOSTILE = "</style></title><script src=//x>alert('1')</script>\"' onload=x <img> \x1b[31m\u202e &amp;"


class Page(HTMLParser):
    """What a document consists of."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


def outcome(text: str) -> CertificationOutcome:
    """A failed certification all of whose outside text is ``text``."""
    steps = [StepState(step) for step in STEPS]
    for state in steps:
        state.begin()
        state.end("pass", text)
    steps[1].source_url_results = (SourceResult(text, text, "unresolved", False, text),)
    steps[4].end("fail", text, text)
    steps[5].skip(text)
    episode = Outcome(text, text, "failed", text, (text, text), [1.0, 2.5], replay=text)
    return CertificationOutcome(
        package={"name": text, "version": text, "source": text},
        generation="0.1.64",
        steps=tuple(steps),
        cancelled=False,
        run_id="id",
        run_dir=Path("/runs/id"),
        episode=episode,
        error=None,
        finished_at=datetime(2026, 11, 20, tzinfo=UTC),
        log_richness={"tier": 0, "reason": text},
    )


def test_hostile_text_stays_text() -> None:
    page = Page(report_html(outcome(HOSTILE), {"workspace": HOSTILE}))
    assert set(page.tags) <= ALLOWED
    assert page.attributes <= ATTRIBUTES
    assert "<script src=//x>" in page.text
    assert "\x1b" not in page.text
    assert "\u202e" not in page.text


@given(st.text(min_size=1))
def test_any_text_keeps_the_document_whole(text: str) -> None:
    html = report_html(outcome(text), {"run": text})
    assert Page(html).tags == Page(report_html(outcome("x"), {"run": "x"})).tags
    assert html.encode(errors="strict")


def test_it_says_what_happened() -> None:
    text = Page(report_html(outcome("words"), {"run": "/runs/id"})).text
    assert "Coworld certification failed" in text
    assert "8 of 10 steps passed" in text
    for step in STEPS:
        assert step.id in text
    assert "/runs/id" in text


def test_it_loads_nothing() -> None:
    html = report_html(outcome("words"), {})
    assert "url(" not in html
    assert "@import" not in html
    assert "http" not in html
