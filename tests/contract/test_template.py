"""Manifest templates: what is filled in, what is refused, and the names images get."""

from __future__ import annotations

import json
import os
import subprocess
from itertools import product
from typing import Any

import pytest
from hypothesis import given

from coworld_tui.contract.compose import Service
from coworld_tui.contract.errors import EXIT_USAGE, CoworldError
from coworld_tui.contract.template import (
    content_tag,
    hydrated,
    image_name,
    images_of,
    is_moving,
    is_pinned,
    read_template,
    with_images,
)
from coworld_tui.demo import manifest_path

from .strategies import outside_bytes

ID = "sha256:" + "0123456789abcdef" * 4
SERVICES = (Service("my-game", "game:latest"), Service("bot", "bot"))


def template(**game: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(manifest_path().read_bytes())
    del document["game"]["version"]
    document["game"].update(game)
    document["game"]["runnable"]["image"] = "{{MY_GAME_IMAGE}}"
    for player in document["player"]:
        player["image"] = "{{BOT_IMAGE}}"
    document["reporter"] = [{"reporter": "acme/words@1"}]
    return document


def test_placeholders_become_images_and_nothing_else_changes() -> None:
    document = template(
        description="{{MY_GAME_IMAGE}} stays in words",
        task_environments={"box": {"image": "{{BOT_IMAGE}}"}, "other": {"image": "box:1"}},
    )
    package = read_template(json.dumps(document).encode(), "template.json", "1.2.3")
    assert package.version == "1.2.3"
    result = hydrated(package.raw, SERVICES)
    assert set(images_of(result)) == {"game:latest", "bot", "box:1"}
    assert result["game"]["task_environments"]["box"]["image"] == "bot"
    back = with_images(result, {"game:latest": "{{MY_GAME_IMAGE}}", "bot": "{{BOT_IMAGE}}"})
    del back["game"]["version"]
    assert back == document
    assert package.raw["game"]["runnable"]["image"] == "{{MY_GAME_IMAGE}}"


@pytest.mark.parametrize("version", ["1.0.0", None, ""])
def test_a_template_has_no_version(version: str | None) -> None:
    with pytest.raises(CoworldError, match=r"no game\.version") as caught:
        read_template(json.dumps(template(version=version)).encode(), "template.json", "1.2.3")
    assert (caught.value.type, caught.value.exit_code) == ("manifest_invalid", EXIT_USAGE)


def test_a_placeholder_without_a_service_says_where_and_what_there_is() -> None:
    document = template()
    document["player"][0]["image"] = "{{NO_SUCH_IMAGE}}"
    with pytest.raises(CoworldError) as caught:
        hydrated(document, SERVICES)
    assert "player[0].image is {{NO_SUCH_IMAGE}}" in caught.value.cause
    assert "{{MY_GAME_IMAGE}}; {{BOT_IMAGE}}" in caught.value.next_step


@pytest.mark.parametrize(
    ("image", "tag"),
    [
        ("game", "game:coworld-0123456789ab"),
        ("game:latest", "game:coworld-0123456789ab"),
        ("game:coworld-ffffffffffff", "game:coworld-0123456789ab"),
        ("localhost:5000/a/game", "localhost:5000/a/game:coworld-0123456789ab"),
        ("localhost:5000/game:1@sha256:00", "localhost:5000/game:coworld-0123456789ab"),
    ],
)
def test_content_tags(image: str, tag: str) -> None:
    assert content_tag(image, ID) == tag


@given(outside_bytes(template()))
def test_any_bytes_are_a_manifest_or_one_sentence(data: bytes) -> None:
    try:
        package = read_template(data, "template.json", "1.0")
        document = hydrated(package.raw, SERVICES)
    except CoworldError as error:
        assert (error.type, error.exit_code) == ("manifest_invalid", EXIT_USAGE)
        assert error.cause.isprintable()
    else:
        assert document["game"]["version"] == "1.0"


_REFERENCES = [
    "".join(parts)
    for parts in product(
        ("", "ghcr.io/", "localhost/", "localhost:5000/", "host:1/", "acme/", "a.b/c/"),
        ("game", "team/game"),
        ("", ":latest", ":coworld-0123456789ab", ":coworld-"),
        ("", "@sha256:00"),
    )
]
_ORACLE = """
import json, sys
from coworld.image_refs import *
print(json.dumps([[image_ref_without_tag(i), is_digest_pinned_image_ref(i), is_mutable_registry_image_ref(i)]
                  for i in json.load(sys.stdin)]))
"""


@pytest.mark.peer
def test_references_are_read_as_the_published_client_reads_them() -> None:
    python = os.environ.get("COWORLD_PEER_64")
    if not python:
        pytest.skip("COWORLD_PEER_64 does not name a Python with the published client")
    command = [python, "-c", _ORACLE]
    done = subprocess.run(
        command, input=json.dumps(_REFERENCES), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    ours = [[image_name(image), is_pinned(image), is_moving(image)] for image in _REFERENCES]
    assert json.loads(done.stdout) == ours
