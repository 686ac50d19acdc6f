"""What a check says: the place, what to change, and whom it concerns."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from coworld_tui.contract.bundled import bundled_package
from coworld_tui.contract.checking import Verdict, check_manifest, check_raw
from coworld_tui.contract.generations import Generation
from coworld_tui.contract.text import safe_line

from .builders import Json, config_schema, edited, encoded, new_manifest, old_manifest, player, without
from .mutations import both_manifest, full_manifest
from .strategies import outside_bytes

OLD: Generation = "0.1.11"
NEW: Generation = "0.1.64"
BOTH = (OLD, NEW)


def told(verdict: Verdict, severity: str = "error") -> dict[str, tuple[str, tuple[Generation, ...]]]:
    """The findings by place; a place must not have two."""
    found = [finding for finding in verdict.findings if finding.severity == severity]
    by_place = {finding.where: (finding.message, finding.generations) for finding in found}
    assert len(by_place) == len(found), found
    return by_place


def test_a_manifest_of_each_generation_and_one_of_both() -> None:
    assert check_raw(old_manifest()).accepted_by == {OLD: True, NEW: False}
    assert check_raw(new_manifest()).accepted_by == {OLD: False, NEW: True}
    both = check_raw(both_manifest())
    assert both.accepted_by == {OLD: True, NEW: True}
    assert told(both) == {}
    assert check_raw(full_manifest()).accepted_by[NEW]


def test_the_bundled_manifest_is_accepted() -> None:
    assert check_raw(bundled_package().raw).ok


def test_what_an_old_manifest_needs() -> None:
    assert told(check_raw(old_manifest())) == {
        "game.docs": ("add docs: it is required", (NEW,)),
        "game.runnable.type": ("add type: it is required", (NEW,)),
        "reporter[0]": (
            'replace the container by a reference such as {"reporter": "owner/name@1"}',
            (NEW,),
        ),
    }


def test_equal_findings_of_both_generations_are_one() -> None:
    verdict = check_raw(without(both_manifest(), "game.version"))
    assert told(verdict) == {"game.version": ("add version: it is required", BOTH)}
    assert not verdict.ok


@pytest.mark.parametrize(
    ("path", "value", "where", "message", "generations"),
    [
        ("game.colour", 1, "game.colour", "remove colour: no such key is known here", BOTH),
        (
            "game.version",
            "one",
            "game.version",
            "write a version as PEP 440 does, such as 1.0 or 0.2.1",
            BOTH,
        ),
        ("game.name", 5, "game.name", "make it a string", BOTH),
        ("player", [], "player", "give it at least 1 entry", BOTH),
        (
            "game.protocols.player.type",
            "html",
            "game.protocols.player.type",
            "make it 'text' or 'uri'",
            BOTH,
        ),
        ("tags", ["a"], "tags", "give it at least 3 entries", (NEW,)),
        (
            "certification.players.1.player_id",
            "zoe",
            "certification.players[1].player_id",
            'name a declared player: there is no "zoe"',
            BOTH,
        ),
        (
            "variants.0.game_config",
            {"width": 0},
            "variants[0].game_config.width",
            "make it fit game.config_schema: 0 is less than the minimum of 1",
            BOTH,
        ),
        (
            "variants.0.game_config.tokens",
            ["t"],
            "variants[0].game_config.tokens",
            "remove it: the runner adds the tokens",
            BOTH,
        ),
        (
            "game.config_schema.properties.width.type",
            "integr",
            "game.config_schema.properties.width.type",
            "mend the schema: 'integr' is not valid under any of the given schemas",
            BOTH,
        ),
        ("player.1.id", "ann", "player[1].id", 'give it an id of its own: "ann" is taken', BOTH),
        (
            "variants.0.parent_id",
            "nobody",
            "variants[0].parent_id",
            'name another variant: there is no "nobody"',
            (OLD,),
        ),
    ],
)
def test_one_thing_wrong(path: str, value: Any, where: str, message: str, generations: Any) -> None:
    errors = errors_at(check_raw(edited(both_manifest(), path, value)), where)
    assert (message, generations) in errors


def errors_at(verdict: Verdict, where: str) -> list[tuple[str, tuple[Generation, ...]]]:
    return [
        (finding.message, finding.generations)
        for finding in verdict.findings
        if finding.severity == "error" and finding.where == where
    ]


def test_a_wrong_field_does_not_hide_a_wrong_config() -> None:
    manifest = edited(without(both_manifest(), "game.owner"), "variants.0.game_config", {"width": 0})
    assert set(told(check_raw(manifest))) == {"game.owner", "variants[0].game_config.width"}


def test_a_range_of_slots() -> None:
    schema = config_schema(2, 4)
    verdict = check_raw(edited(both_manifest(), "game.config_schema", schema))
    assert told(verdict) == {
        "game.config_schema.properties.tokens": ("make minItems and maxItems equal", (OLD,))
    }
    manifest = edited(new_manifest(), "variants.0.game_config", {"num_agents": 5})
    errors = errors_at(check_raw(manifest), "variants[0].game_config.num_agents")
    assert errors == [("ask for 2 to 4 slots, as tokens allows", (NEW,))]


def test_documented_rules_warn_whom_they_concern() -> None:
    manifest = edited(both_manifest(), "grader", [player("g", type="diagnoser", colour="red")])
    manifest["game"]["runnable"]["image"] = "img_0a1b2c3d-0000-4000-8000-0123456789ab"
    manifest["game"]["docs"]["pages"] = [
        {"id": "rules.md", "title": "Rules", "content": {"type": "text", "value": "x"}}
    ]
    verdict = check_raw(manifest)
    assert verdict.accepted_by == {OLD: True, NEW: False}
    warnings = told(verdict, "warning")
    assert warnings == {
        "commissioner": ("add an entry: the documents of 0.1.11 require one", (OLD,)),
        "diagnoser": ("add an entry: the documents of 0.1.11 require one", (OLD,)),
        "game.docs.pages": ("add a page such as play_it.md: the documents of 0.1.11 require it", (OLD,)),
        "game.runnable.image": ("publish it first: Docker knows no image of this name", (OLD,)),
        "grader[0].colour": ("remove colour, or expect nothing: 0.1.11 ignores it", (OLD,)),
        "grader[0].type": ("make it grader: the documents of 0.1.11 require it", (OLD,)),
        "optimizer": ("add an entry: the documents of 0.1.11 require one", (OLD,)),
        "reporter": ("add an entry: the documents of 0.1.11 require one", (OLD,)),
    }


def test_missing_tags_only_stop_certification() -> None:
    verdict = check_raw(without(new_manifest(), "tags"))
    assert verdict.accepted_by[NEW]
    assert told(verdict, "warning")["tags"] == ("add three tags or more: certification requires them", (NEW,))


def test_a_key_named_twice_is_read_and_said() -> None:
    data = encoded(both_manifest()).replace(b'"width": 9', b'"width": 9, "width": 8')
    verdict = check_manifest(data)
    assert verdict.accepted_by == {OLD: True, NEW: True}
    (doubt,) = [finding.message for finding in verdict.findings if finding.where == ""]
    assert "'width' twice" in doubt


several = settings(
    max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)


@several
@given(outside_bytes(new_manifest()) | outside_bytes(old_manifest()) | outside_bytes(full_manifest()))
def test_any_bytes_give_a_verdict(data: bytes) -> None:
    verdict = check_manifest(data)
    for finding in verdict.findings:
        assert safe_line(finding.message) == finding.message
        assert safe_line(finding.where) == finding.where
        json.dumps(finding.as_dict())
    for generation, accepted in verdict.accepted_by.items():
        refusals = [
            finding
            for finding in verdict.findings
            if finding.severity == "error" and generation in finding.generations
        ]
        assert accepted != bool(refusals)


def hostile(**schema: Any) -> Json:
    """A manifest whose first variant has ``it`` under the schema of that name."""
    manifest = both_manifest()
    manifest["game"]["config_schema"]["properties"]["it"] = schema
    manifest["variants"][0]["game_config"] = {"it": "\x1b[31m" + "x" * 5000}
    return manifest


def test_what_findings_quote_is_short_and_safe() -> None:
    (finding,) = [
        finding for finding in check_raw(hostile(type="integer")).findings if finding.severity == "error"
    ]
    assert finding.where == "variants[0].game_config.it"
    assert len(finding.message) <= 300
    assert "\x1b" not in finding.message
