"""Any bytes give a value or a CoworldError, never another exception, and every message is one plain line."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coworld_tui.contract.bundle import parse_bundle_manifest
from coworld_tui.contract.env import extra_ports, parse_secret_uris
from coworld_tui.contract.errors import CoworldError
from coworld_tui.contract.generations import generation_of
from coworld_tui.contract.manifest import declared_fields
from coworld_tui.contract.package import parse_package
from coworld_tui.contract.request import parse_request, parse_slot, plan_episode, plan_from_request
from coworld_tui.contract.results import parse_player_failure, parse_player_status, parse_results
from coworld_tui.contract.text import safe_line
from coworld_tui.contract.validation import schema_problems

from .builders import config_schema, new_manifest, old_manifest, package, results_schema
from .strategies import JSON_VALUES, outside_bytes

PACKAGE = package(new_manifest())
BUNDLE = {
    "ereq_id": "ereq_1",
    "status": "success",
    "include": ["results"],
    "files": {"results": "results.json", "player_logs": {"0": "logs/policy_agent_0.log"}},
}
STATUS = {"schema_version": "1", "players": [{"slot": 0, "state": "exited", "exit_code": 0}]}
FAILURE = {"message": "gone", "failed_policy_index": 1, "kind": "player_error"}

several = settings(
    max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)


def plain(text: str) -> bool:
    return safe_line(text, 10_000) == text


@contextlib.contextmanager
def only_coworld_errors() -> Iterator[None]:
    try:
        yield
    except CoworldError as error:
        for text in (error.title, error.cause, error.next_step):
            assert plain(text)
            assert len(text) < 2_500
        assert error.exit_code in {1, 2, 3}


@several
@given(outside_bytes(new_manifest()) | outside_bytes(old_manifest()))
def test_manifest(data: bytes) -> None:
    with only_coworld_errors():
        read = parse_package(data, "some/where", None)
        assert plain(read.label)
        assert all(plain(path) for path in read.unknown_keys)
        assert read.generation in {"0.1.11", "0.1.64"}
        declared_fields(read.manifest)
        for variant in (None, "three", "wide"):
            with only_coworld_errors():
                plan = plan_episode(read, variant=variant)
                assert all(plain(seat.name) for seat in plan.seats)
                plan.request()


@several
@given(outside_bytes(plan_episode(PACKAGE).request()))
def test_request(data: bytes) -> None:
    with only_coworld_errors():
        request = parse_request(data, PACKAGE)
        request.refused_by()
        plan_from_request(request, PACKAGE).request()


@several
@given(outside_bytes({"scores": [1, 2.5], "ticks": 3}), st.sampled_from([results_schema(), {}]))
def test_results(data: bytes, schema: Any) -> None:
    with only_coworld_errors():
        results = parse_results(data, schema, 2)
        assert results.scores is None or len(results.scores) <= 2


@several
@given(outside_bytes(BUNDLE))
def test_bundle_manifest(data: bytes) -> None:
    with only_coworld_errors():
        manifest = parse_bundle_manifest(data)
        for token in manifest.files:
            assert all(isinstance(entry, str) for entry in manifest.entries(token).values())


@several
@given(outside_bytes(STATUS) | outside_bytes(FAILURE))
def test_player_files(data: bytes) -> None:
    with only_coworld_errors():
        parse_player_status(data)
    with only_coworld_errors():
        parse_player_failure(data, 2)


@several
@given(JSON_VALUES, JSON_VALUES)
def test_schema(schema: Any, instance: Any) -> None:
    for problem in schema_problems(schema, instance):
        assert plain(str(problem))


@several
@given(st.text(max_size=40) | st.from_regex(r"\A\d=(image|cmd|manifest|human)[=:]?.{0,5}\Z"))
def test_command_line_text(text: str) -> None:
    with only_coworld_errors():
        plan_episode(PACKAGE, fills=[parse_slot(text)])
    with only_coworld_errors():
        extra_ports({"COWORLD_LOCAL_EXTRA_PORTS": text})
    with only_coworld_errors():
        parse_secret_uris(text)


@several
@given(st.dictionaries(st.sampled_from(["game", "player", "reporter", "variants", "tags"]), JSON_VALUES))
def test_generation(raw: dict[str, Any]) -> None:
    assert generation_of(raw) in {"0.1.11", "0.1.64"}


@pytest.mark.parametrize("depth", [99, 101, 100_000])
def test_nesting(depth: int) -> None:
    data = b'{"scores":' + b"[" * depth + b"]" * depth + b"}"
    with only_coworld_errors():
        parse_results(data, config_schema(), 2)
