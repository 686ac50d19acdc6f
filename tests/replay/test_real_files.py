"""What is shown of the files of real episodes, and what never is."""

from __future__ import annotations

import json

from coworld_tui.replay.file_views import view_of
from coworld_tui.replay.lenses.spans import Span
from coworld_tui.replay.zip_view import members

from .episodes import recorded_episode
from .shown_files import file_of, recorded, shown

CONFIG = """\
{
  "width": 12,
  "height": 8,
  "max_ticks": 60,
  "tick_rate": 10,
  "player_connect_timeout_seconds": 30,
  "players": [
    {"name": "Sweep Painter 1"},
    {"name": "Sweep Painter 2"}
  ],
  "tokens": "hidden"
}"""
REPORT = """\
PaintArena — Episode local-1

Variant: default · Grid: 12 × 8 (96 tiles) · Duration: 6.6 s (60 ticks)

Slot  Policy     Tiles painted  Share
────  ─────────  ─────────────  ─────
0     sweep-a    41 / 96        42.7%
1     sweep-b    42 / 96        43.8%
—     unpainted  13 / 96        13.5%

Winner: Slot 1 (sweep-b) by 1 tiles.

────────────────────────────────────────
3 entries, 880 B unpacked
name         size  packed
summary.md  338 B    69 %
stats.json  531 B    46 %
render.txt   11 B   118 %"""
DIAGNOSIS = """\
Paint Arena Policy Diagnosis

• target_policy_uri: policy://x
• winner: slot 1
• margin: 1 / 96 tiles
• score: 0.0104

Recommendations

• Compare the target policy's opening route with the
  sweep-painter baseline on the same seed.
• Use replay frames to find intervals where the target
  policy walked over already-owned tiles."""
PAGE = """\
Coworld statistics

1 extracted episodes; 0 failed replays.

replay-sha256:0d24a7efb845b85e460c77bd96d41bed5496accbe7b942b8b01dc3ec36f47590

Metric                     Unidentified policy (seat  Unidentified policy (seat
                           0)                         1)
─────────────────────────  ─────────────────────────  ─────────────────────────
Direct control
Executed movement (ticks)  59                         59
Movement per recorded      1 (59/59)                  1 (59/59)
transition (fraction)
Submitted movement         missing: Native replay     missing: Native replay"""
BUNDLE = """\
8 entries, 37.6 KiB unpacked
name                         size  packed
results.json                 64 B    83 %
replay.json              35.2 KiB     4 %
config.json                 297 B    64 %
logs/game.stdout.log        553 B    42 %
logs/game.stderr.log        792 B    42 %
logs/policy_agent_0.log     110 B    98 %
logs/policy_agent_1.log     110 B    98 %
manifest.json               495 B    40 %"""


def test_a_real_config_without_its_tokens() -> None:
    view = view_of(recorded("0.1.11", "config.json"))
    assert (view.title, view.note) == ("config.json · JSON · 297 B", "")
    assert shown(view) == CONFIG
    assert view.lines.lines(1, 2) == [
        (Span("  "), Span('"width":', "key"), Span(" "), Span("12", "number"), Span(","))
    ]


def test_real_results_of_both_generations() -> None:
    for generation in ("0.1.11", "0.1.64"):
        view = view_of(recorded(generation, "results.json"))
        assert shown(view) == '{\n  "scores": [41.0, 42.0],\n  "painted_tiles": [41, 42],\n  "ticks": 60\n}'


def test_a_compressed_real_replay_is_inflated() -> None:
    plain, packed = (view_of(recorded("0.1.11", name)) for name in ("replay.json", "replay.json.z"))
    assert shown(packed) == shown(plain)
    assert (packed.note, plain.note) == ("inflated from zlib", "")
    assert shown(plain, 12, 18) == (
        "  },\n"
        '  "player_names": ["Sweep Painter 1", "Sweep Painter 2"],\n'
        '  "frames": [\n'
        "    {\n"
        '      "type": "state",\n'
        '      "width": 12,'
    )
    assert '"tokens": "hidden"' in shown(plain)


def test_a_schema_keeps_what_it_says_about_tokens() -> None:
    text = shown(view_of(recorded("0.1.11", "supporting/coworld_manifest.json")))
    assert (
        '"tokens": {\n          "type": "array",\n          "minItems": 2,\n          "maxItems": 2,' in text
    )


def test_a_real_report_opens_on_what_it_renders() -> None:
    view = view_of(recorded("0.1.11", "supporting/report.zip"))
    assert (view.title, view.note) == ("report.zip · report · 798 B", "shows summary.md")
    assert shown(view) == REPORT
    assert view.lines.lines(0, 1) == [(Span("PaintArena — Episode local-1", "heading"),)]
    assert view.lines.lines(2, 3)[0][0] == Span("Variant:", "strong")


def test_a_real_diagnosis_opens_on_what_its_manifest_names() -> None:
    view = view_of(recorded("0.1.64", "supporting/diagnosis.zip"), width=60)
    assert shown(view, 0, 13) == DIAGNOSIS
    assert Span("policy://x", "accent") in view.lines.lines(2, 3)[0]


def test_a_real_html_report_is_text() -> None:
    view = view_of(recorded("0.1.64", "supporting/stats/report.html"))
    assert view.title == "report.html · HTML · 6.1 KiB"
    assert shown(view, 0, 14) == PAGE
    assert '  "provenance": {' in shown(view)


def test_a_real_stats_table() -> None:
    view = view_of(recorded("0.1.11", "supporting/stats.parquet"))
    assert (view.title, view.lines.row_count) == ("stats.parquet · Parquet · 4.5 KiB", 427)
    lines = shown(view).split("\n")
    assert lines[:3] + lines[4:8] + lines[-1:] == [
        "425 rows · ts int64, player int64, key string, value string",
        "ts  player  key            value",
        " 1      -1  scores         [1,1]",
        ' 1      -1  arena          {"height":8,"width":12}',
        " 1       0  position       [1,0]",
        " 1       0  score          1",
        " 1       1  position       [11,6]",
        "60       1  painted_tiles  42",
    ]


def test_a_real_bundle_lists_its_entries_and_leads_into_them() -> None:
    file = recorded("0.1.11", "bundle.zip")
    assert shown(view_of(file)) == BUNDLE
    inside = {member.name: member for member in members(file)}
    assert list(inside)[:2] == ["results.json", "replay.json"]
    assert shown(view_of(inside["config.json"])) == shown(view_of(recorded("0.1.11", "config.json")))
    assert shown(view_of(inside["logs/policy_agent_0.log"])) == (
        "connecting to ws://127.0.0.1:33323/player?slot=0&token=[redacted]\nreceived final message, exiting"
    )


def test_real_frames_are_json_lines() -> None:
    view = view_of(recorded("0.1.64", "global_frames.jsonl"))
    assert (view.title, view.lines.row_count) == ("global_frames.jsonl · JSON lines · 9.4 KiB", 20)
    assert shown(view, 3, 4).startswith(
        '{"type": "state", "width": 12, "height": 8, "positions": [[3, 0], [9, 6]],'
    )


def test_no_real_file_shows_a_token() -> None:
    for generation in ("0.1.11", "0.1.64"):
        folder = recorded_episode(generation)
        tokens = json.loads((folder / "config.json").read_bytes())["tokens"]
        for path in (path for path in folder.rglob("*") if path.is_file()):
            whole = recorded(generation, str(path.relative_to(folder)))
            for file in (whole, *members(whole), file_of(path.read_bytes()[:-3], size=whole.size)):
                view = view_of(file)
                text = shown(view, 0, view.lines.row_count)
                assert not [token for token in tokens if token in text], f"{path} {file.name}"
