"""The certification report: one HTML file without scripts, everything from outside escaped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

from ..contract.text import safe_line
from .certification_outcome import CertificationOutcome
from .sources import SourceResult
from .steps import StepState

_PILLS = {"pass": "passed", "fail": "failed", "skipped": "skipped"}

_STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #59636e; --page: #ffffff; --card: #f6f8fa;
  --line: #d1d9e0; --pass: #1a7f37; --fail: #cf222e; --skip: #6e7781; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9198a1; --page: #0d1117;
  --card: #151b23; --line: #3d444d; --pass: #3fb950; --fail: #ff7b72; --skip: #9198a1; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { font-size: 1.6rem; margin: 0; }
h2 { font-size: 1.1rem; margin: 2.25rem 0 .6rem; }
.sub { color: var(--soft); margin: .25rem 0 1.25rem; }
.pill { display: inline-block; min-width: 4.6rem; padding: .05rem .6rem; border: 1px solid currentColor;
  border-radius: 1rem; font-size: .8rem; font-weight: 600; text-align: center; }
.pass { color: var(--pass); } .fail { color: var(--fail); } .skipped { color: var(--skip); }
.panel { border: 1px solid var(--fail); border-radius: .5rem; padding: .75rem 1rem; background: var(--card); }
.panel p { margin: .25rem 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .5rem .75rem .5rem 0;
  border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 600; font-size: .85rem; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.id { white-space: nowrap; }
.what { color: var(--soft); }
.detail { overflow-wrap: anywhere; }
code { font: .9em ui-monospace, SFMono-Regular, Menlo, monospace; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1.25rem; margin: 0; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
"""


def report_html(outcome: CertificationOutcome, places: Mapping[str, str]) -> str:
    """The whole document. ``places`` are paths by what is there."""
    title = f"Coworld certification {outcome.status}"
    sections = [
        _head(outcome, title),
        _failure(outcome),
        _steps(outcome.steps),
        _episode(outcome),
        _sources(outcome.steps),
        _package(outcome),
        _section("Where everything is", _list((label, _code(path)) for label, path in places.items())),
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_text(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(filter(None, sections))
        + "\n</main>\n</body>\n</html>\n"
    )


def _head(outcome: CertificationOutcome, title: str) -> str:
    name = f"{outcome.package['name']} {outcome.package['version']}".strip()
    passed = sum(step.status == "pass" for step in outcome.steps)
    when = f"{outcome.finished_at:%Y-%m-%d %H:%M:%S} UTC"
    kind = {"passed": "pass", "failed": "fail"}.get(outcome.status, "skipped")
    return (
        f'<h1 class="{kind}">{_text(title)}</h1>\n'
        f'<p class="sub">{_text(name)} · rules of {_text(outcome.generation)} · '
        f"{passed} of {len(outcome.steps)} steps passed · {_text(when)}</p>"
    )


def _failure(outcome: CertificationOutcome) -> str:
    failed = outcome.failed
    if failed is None:
        return ""
    return (
        f'<div class="panel"><p><strong class="fail">{_text(failed.id)}</strong> '
        f"failed with {_code(failed.failure_reason or '')}</p>"
        f'<p class="detail">{_text(failed.feedback or "")}</p></div>'
    )


def _steps(steps: Iterable[StepState]) -> str:
    heads = '<th>Result</th><th>Step</th><th>Details</th><th class="number">Seconds</th>'
    return _section("Steps", _table(heads, map(_step, steps)))


def _step(step: StepState) -> str:
    status = step.status if step.status in _PILLS else "skipped"
    reason = f"<div>{_code(step.failure_reason)}</div>" if step.failure_reason else ""
    return (
        f'<tr><td><span class="pill {status}">{_PILLS[status]}</span></td>'
        f'<td class="id">{_code(step.id)}</td>'
        f'<td class="detail"><div class="what">{_text(step.title)}</div>{reason}'
        f"<div>{_text(step.feedback or '')}</div></td>"
        f'<td class="number">{step.seconds:.2f}</td></tr>'
    )


def _sources(steps: Iterable[StepState]) -> str:
    results = [result for step in steps for result in step.source_url_results or ()]
    declared = [result for result in results if result.source_url is not None]
    if not declared:
        return ""
    heads = "<th>Runnable</th><th>Status</th><th>Details</th>"
    return _section("Sources", _table(heads, map(_source, declared)))


def _source(result: SourceResult) -> str:
    return (
        f'<tr><td class="id">{_code(result.runnable)}</td><td>{_text(result.status)}</td>'
        f'<td class="detail"><div>{_code(result.source_url or "")}</div>'
        f'<div class="what">{_text(result.detail)}</div></td></tr>'
    )


def _episode(outcome: CertificationOutcome) -> str:
    episode = outcome.episode
    if episode is None:
        return ""
    facts = [("status", _text(episode.status)), ("frames", str(episode.recorded))]
    scores = episode.scores or ()
    for slot, name in enumerate(episode.slots):
        score = f" · {scores[slot]:.12g}" if slot < len(scores) else ""
        facts.append((f"slot {slot}", _text(safe_line(name, 100) + score)))
    facts.append(("seconds", f"{episode.seconds:.2f}"))
    phases = ", ".join(f"{name.replace('_', ' ')} {took:.2f}" for name, took in episode.phases.items())
    facts.append(("phases", _text(phases)))
    return _section("Smoke episode", _list(facts))


def _package(outcome: CertificationOutcome) -> str:
    facts = [("manifest", _code(outcome.package["source"]))]
    if outcome.log_richness is not None:
        richness = f"tier {outcome.log_richness['tier']}: {outcome.log_richness['reason']}"
        facts.append(("log richness", _text(richness)))
    return _section("Package", _list(facts))


def _section(title: str, body: str) -> str:
    return f"<section><h2>{_text(title)}</h2>\n{body}</section>"


def _table(heads: str, rows: Iterable[str]) -> str:
    """A table that scrolls by itself where it is too wide; heads and rows are HTML already."""
    body = "\n".join(rows)
    return (
        f'<div class="scroll"><table><thead><tr>{heads}</tr></thead><tbody>\n{body}\n</tbody></table></div>'
    )


def _list(entries: Iterable[tuple[str, str]]) -> str:
    """A list of terms; the values are HTML already."""
    return "<dl>" + "".join(f"<dt>{_text(term)}</dt><dd>{value}</dd>" for term, value in entries) + "</dl>"


def _code(text: str) -> str:
    return f"<code>{_text(text)}</code>"


def _text(text: str) -> str:
    return escape(safe_line(text))
