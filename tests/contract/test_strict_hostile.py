"""Schemas and documents that ask for more than anyone should give: a finding, soon."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from time import monotonic
from typing import Any

import pytest

from coworld_tui.contract.checking import Verdict, check_manifest, check_raw
from coworld_tui.contract.strict import schema_worker

from .builders import Json, edited
from .mutations import both_manifest


def manifest_with(schema: Any, value: Any, **keywords: Any) -> Json:
    """A manifest whose variant gives ``value`` to a property of this ``schema``."""
    manifest = both_manifest()
    manifest["game"]["config_schema"] |= keywords
    manifest["game"]["config_schema"]["properties"]["it"] = schema
    return edited(manifest, "variants.0.game_config", {"it": value})


def refused_for(verdict: Verdict) -> str:
    """The one message of a manifest that both generations refuse."""
    (finding,) = [finding for finding in verdict.findings if finding.severity == "error"]
    assert set(finding.generations) == {"0.1.11", "0.1.64"}
    return finding.message


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a second is enough to see that something does not end."""
    monkeypatch.setattr(schema_worker, "SECONDS", 0.5)


CHAIN = {f"d{link}": {"allOf": [{"$ref": f"#/$defs/d{link + 1}"}] * 10} for link in range(20)} | {"d20": {}}


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize(
    "manifest",
    [
        manifest_with({"pattern": "(a+)+$"}, "a" * 40 + "b"),
        manifest_with({"$ref": "#/$defs/d0"}, 1, **{"$defs": CHAIN}),
        manifest_with({"uniqueItems": True}, [{"a": number} for number in range(20_000)]),
        manifest_with({"patternProperties": {"(x+x+)+y": {}}}, {"x" * 40: 1}),
    ],
    ids=["expression", "reference chain", "unique objects", "property expression"],
)
def test_work_without_end_is_ended(manifest: Json) -> None:
    began = monotonic()
    assert "takes longer than 0.5 s" in refused_for(check_raw(manifest))
    assert monotonic() - began < 10
    assert check_raw(manifest_with({"pattern": "^a"}, "a")).ok, "the next one gets a new worker"


def test_a_schema_that_refers_to_itself() -> None:
    verdict = check_raw(manifest_with({"$ref": "#/properties/it"}, 1))
    assert "refers to itself without end" in refused_for(verdict)
    recursive = {"items": {"$ref": "#/properties/it"}, "type": "array"}
    assert check_raw(manifest_with(recursive, [[[]], []])).ok


def test_references_are_not_followed() -> None:
    asked: list[str] = []

    class Server(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

    with HTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/schema.json"
        try:
            for ref in (address, "file:///etc/hostname"):
                assert "nothing else is followed" in refused_for(check_raw(manifest_with({"$ref": ref}, 1)))
        finally:
            server.shutdown()
    assert asked == []


def test_an_unreached_reference_is_no_matter() -> None:
    schema = {"properties": {"never": {"$ref": "http://127.0.0.1:9/x"}}}
    assert check_raw(manifest_with(schema, {})).ok


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"\xff\xfe", "byte order mark"),
        (b"\x00\x80", "not UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 200 + b"1" + b"}" * 200, "nested too deeply"),
        (b'{"a":' + b"9" * 5_000 + b"}", "number of 5000 digits"),
        (b"[1]", "make the document an object"),
        (b" " * (65 << 20), "is larger than 64 MiB"),
        (b'{"a":[' + b"1," * 1_000_000 + b"1]}", "holds more than 1000000 values"),
        (b'{"player":[' + b"1," * 60_000 + b"1]}", "leave at most 50000 values outside"),
    ],
    ids=["none", "mark", "bytes", "open", "deep", "digits", "list", "large", "many", "entries"],
)
def test_bytes_that_are_refused_outright(data: bytes, words: str) -> None:
    assert words in refused_for(check_manifest(data))


def test_fifty_megabytes_of_text() -> None:
    manifest = edited(both_manifest(), "game.description", "x" * 50_000_000)
    assert check_manifest(json.dumps(manifest).encode()).ok


def test_numbers_that_no_machine_seats() -> None:
    bounds = {"minItems": 2, "maxItems": 10**18}
    manifest = both_manifest()
    manifest["game"]["config_schema"]["properties"]["tokens"] |= bounds
    manifest["variants"][0]["game_config"] = {"num_agents": 10**17}
    places = [finding.where for finding in check_raw(manifest).findings if "at most" in finding.message]
    assert places == ["variants[0].game_config"]


def test_secret_references_stay_what_they_are() -> None:
    manifest = edited(both_manifest(), "game.runnable.env", {"KEY": "secret://vault/key"})
    verdict = check_raw(manifest)
    assert verdict.ok
    assert not any("secret" in finding.message for finding in verdict.findings)
