"""Edited configurations are saved where they can be found again, or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from coworld_tui.contract.bundled import bundled_package
from coworld_tui.contract.errors import CoworldError
from coworld_tui.contract.package import Package, read_package
from coworld_tui.contract.request import parse_request, plan_from_request
from coworld_tui.runs.config_saving import save_request, save_variant

from ..contract.builders import edited, named, new_manifest, package, written
from ..contract.test_peers import ask, peer

CONFIG = {"width": 2, "num_agents": 3}


def save(source: Package, **changes: Any) -> Package:
    words = {"variant_id": "tiny", "name": "Tiny", "description": "small", "game_config": CONFIG, **changes}
    return save_variant(source, **words)


def refusal(source: Package, **changes: Any) -> CoworldError:
    with pytest.raises(CoworldError) as caught:
        save(source, **changes)
    assert caught.value.next_step
    return caught.value


def test_a_variant_is_added_and_replaced(tmp_path: Path) -> None:
    path = written(tmp_path, new_manifest())
    path.chmod(0o640)
    once = save(read_package(tmp_path))
    assert once.raw["variants"][-1] == {
        "id": "tiny",
        "name": "Tiny",
        "game_config": CONFIG,
        "description": "small",
    }
    twice = save(once, game_config={"num_agents": 2})
    assert [variant.id for variant in twice.manifest.variants] == ["three", "four", "unsaid", "tiny"]
    assert read_package(tmp_path).raw == twice.raw
    assert path.stat().st_mode & 0o777 == 0o640
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_a_link_to_a_manifest_stays_a_link(tmp_path: Path) -> None:
    path = written(tmp_path, new_manifest())
    link = tmp_path / "link.json"
    link.symlink_to(path)
    save(read_package(link))
    assert link.is_symlink()
    assert len(read_package(path).manifest.variants) == 4


@pytest.mark.parametrize("content", [None, "not JSON", {**new_manifest(), "tags": ["a", "b", "c"]}])
def test_a_file_that_changed_is_left_alone(tmp_path: Path, content: Any) -> None:
    path = written(tmp_path, new_manifest())
    source = read_package(path)
    if content is None:
        path.unlink()
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    error = refusal(source)
    assert error.type in ("manifest_changed", "manifest_invalid", "manifest_unwritable")
    assert path.exists() == (content is not None)
    if isinstance(content, dict):
        assert error.type == "manifest_changed"
        assert json.loads(path.read_bytes()) == content


def test_another_layout_of_the_same_manifest_is_no_change(tmp_path: Path) -> None:
    path = written(tmp_path, new_manifest())
    source = read_package(path)
    path.write_text(json.dumps(new_manifest(), indent=2))
    save(source)
    assert path.read_text() == json.dumps(read_package(path).raw, indent=2)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"variant_id": " "}, "needs an id"),
        ({"name": ""}, "needs a name"),
        ({"description": "\n"}, "needs a description"),
        ({"name": "\ud800"}, "surrogate"),
        ({"game_config": {"width": 0}}, "less than the minimum"),
        ({"game_config": {"tokens": ["t"]}}, "tokens"),
        ({"game_config": {"players": named(*"ABCDE")}}, "tokens"),
        ({"game_config": {"num_agents": 10**9}}, ""),
    ],
)
def test_what_no_strict_reader_takes(tmp_path: Path, changes: dict[str, Any], says: str) -> None:
    path = written(tmp_path, new_manifest())
    before = path.read_bytes()
    if says:
        error = refusal(read_package(path), **changes)
        assert (error.type, error.exit_code) == ("config_error", 2)
        assert says in str(error)
        assert path.read_bytes() == before
    else:
        save(read_package(path), **changes)


def test_packages_that_are_no_files(tmp_path: Path) -> None:
    assert refusal(package(new_manifest())).type == "manifest_unwritable"
    assert refusal(bundled_package(), game_config={"width": 20}).type == "manifest_unwritable"
    (tmp_path / "folder").mkdir()
    source = read_package(written(tmp_path / "folder", new_manifest()))
    (tmp_path / "folder").rename(tmp_path / "moved")
    assert refusal(source).type == "manifest_unwritable"


def test_a_request_is_one_that_runs(tmp_path: Path) -> None:
    source = package(new_manifest())
    path = tmp_path / "episode_request.json"
    save_request(source, CONFIG, path)
    request = parse_request(path.read_bytes(), source)
    plan = plan_from_request(request, source)
    assert plan.game_config == CONFIG
    assert [seat.player_id for seat in plan.seats] == ["ann", "bob", "ann"]
    assert request.refused_by() == {"0.1.11": [], "0.1.64": []}


def test_requests_that_cannot_be(tmp_path: Path) -> None:
    path = tmp_path / "gone" / "episode_request.json"
    for config, source, kind in (
        ({"width": 0, "num_agents": 2}, new_manifest(), "config_error"),
        ({"width": 2}, new_manifest(), "config_error"),
        (CONFIG, edited(new_manifest(), "game.player_runtime", "game-hosted"), "config_error"),
        (CONFIG, new_manifest(), "request_unwritable"),
    ):
        with pytest.raises(CoworldError) as caught:
            save_request(package(source), config, path)
        assert caught.value.type == kind
        assert caught.value.exit_code == 2


@pytest.mark.peer
@pytest.mark.parametrize("generation", ["0.1.11", "0.1.64"])
def test_the_published_client_takes_both(
    generation: str, tmp_path: Path, peer_manifest: Callable[[str], Path]
) -> None:
    path = tmp_path / "coworld_manifest.json"
    before = peer_manifest(generation).read_text()
    path.write_text(before)
    source = read_package(path)
    assert source.manifest.certification is not None
    config = {**source.manifest.certification.game_config, "width": 9}
    saved = save(source, game_config=config)
    after = path.read_text()
    assert after.startswith(before[: before.index('"variants"')])
    assert after.endswith(before[before.index('"certification"') :])
    save_request(saved, config, tmp_path / "episode_request.json")
    request = json.loads((tmp_path / "episode_request.json").read_bytes())
    said = ask(
        peer(generation.rpartition(".")[2]),
        saved.raw,
        [request],
        [{"variant": "tiny", "images": [], "run": []}],
    )
    assert (said["package"], said["requests"]) == (None, [None])
    assert said["plans"][0]["game_config"] == config
