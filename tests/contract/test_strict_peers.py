"""The published clients as oracles: of every mutation, we say what their strict loaders do.

Set COWORLD_PEER_64 and COWORLD_PEER_11 to a Python that has ``coworld`` 0.1.64 and 0.1.11.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from coworld_tui.contract.checking import check_manifest
from coworld_tui.contract.generations import Generation
from coworld_tui.demo import manifest_path

from .builders import Json, new_manifest, old_manifest
from .mutations import both_manifest, file_manifest, full_manifest, sampled, special, texts
from .test_peers import peer

pytestmark = pytest.mark.peer

_OF_EACH = 15
_SEED = 11
_SECONDS = 300
_LOOK_UP_EXAMPLES = (
    "import coworld.certifier, pathlib;"
    "print(pathlib.Path(coworld.certifier.__file__).with_name('examples') / 'paintarena')"
)


def example(generation: str) -> Json:
    """The template of the client's own example, with the version that a build gives it."""
    python = peer(generation)
    folder = subprocess.run([python, "-c", _LOOK_UP_EXAMPLES], capture_output=True, text=True, check=True)
    template = Path(folder.stdout.strip(), "coworld_manifest_template.json")
    manifest: Json = json.loads(template.read_bytes())
    manifest["game"]["version"] = "0.1.0"
    return manifest


@pytest.fixture(scope="module")
def cases(peer_manifest: Callable[[str], Path]) -> dict[str, str]:
    """Every manifest that is compared, by name."""
    manifests = {
        "paintarena 0.1.11": json.loads(peer_manifest("0.1.11").read_bytes()),
        "paintarena 0.1.64": json.loads(peer_manifest("0.1.64").read_bytes()),
        "demo": json.loads(manifest_path().read_bytes()),
        "template 0.1.11": example("11"),
        "template 0.1.64": example("64"),
        "old": old_manifest(),
        "new": new_manifest(),
        "both": both_manifest(),
        "full": full_manifest(),
        "files": file_manifest(),
    }
    found = {f"text {text[:40]!r} {index}": text for index, text in enumerate(texts())}
    found |= {name: json.dumps(manifest) for name, manifest in [*special(), *manifests.items()]}
    for base, manifest in manifests.items():
        found |= {f"{base}: {name}": json.dumps(made) for name, made in sampled(manifest, _OF_EACH, _SEED)}
    return found


@pytest.mark.parametrize("generation", ["0.1.11", "0.1.64"])
def test_accepts_what_the_client_loads(generation: Generation, cases: dict[str, str]) -> None:
    oracle = Path(__file__).with_name("load_oracle.py")
    done = subprocess.run(
        [peer(generation.removeprefix("0.1.")), str(oracle)],
        input=json.dumps(list(cases.values())),
        capture_output=True,
        text=True,
        timeout=_SECONDS,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    theirs = json.loads(done.stdout)
    assert len(theirs) == len(cases) > 500
    assert 100 < theirs.count(None) < len(cases) - 100
    disagreements = {}
    for (name, text), refusal in zip(cases.items(), theirs, strict=True):
        verdict = check_manifest(text.encode())
        if verdict.accepted_by[generation] != (refusal is None):
            disagreements[name] = refusal or "they accept it"
        explained = any(
            finding.severity == "error" and generation in finding.generations for finding in verdict.findings
        )
        assert explained != verdict.accepted_by[generation], name
    assert not disagreements
