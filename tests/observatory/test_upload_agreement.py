"""Uploads beside those of the published client: the same bodies to the same paths, the same image."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from coworld_tui.cli.league_coworld_checks import status
from coworld_tui.cli.parsers import program
from coworld_tui.contract.manifest import Manifest, same_meaning
from coworld_tui.contract.package import Package
from coworld_tui.contract.template import images_of, with_images
from coworld_tui.observatory.coworld_upload import plan_upload, upload_coworld
from coworld_tui.observatory.policy_environment import https_names, llm_names
from coworld_tui.observatory.policy_upload import FilePolicy, ImagePolicy

from .images import config_of, oci_archive
from .logins import write_login
from .packages import UPLOADED, container_package, file_package
from .peer_client import PeerAnswer, PeerClient, PeerProcess
from .registry import Registry
from .server import Observatory
from .test_policy_upload import SECRET, sent
from .uploading import LAYERS, bodies, quiet, signed_in, uploads_of

pytestmark = pytest.mark.peer


@pytest.fixture(scope="module")
def newer_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a ``docker`` that writes the archives of today's engines: the client reads no others."""
    folder = tmp_path_factory.mktemp("bin")
    archive = folder / "image.tar"
    archive.write_bytes(oci_archive(LAYERS, config=config_of(LAYERS)))
    script = folder / "docker"
    real = shutil.which("docker")
    script.write_text(
        f'#!/bin/sh\nif [ "$1 $2" = "image save" ]; then exec cat {archive}; fi\nexec {real} "$@"\n'
    )
    script.chmod(0o755)
    yield folder


@pytest.fixture(scope="module")
def uploading_peer(newer_engine: Path) -> Iterator[PeerProcess]:
    """The published client, with that engine."""
    python = os.environ.get("COWORLD_PEER_64")
    if not python:
        pytest.skip("COWORLD_PEER_64 does not name a Python with the published client")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{newer_engine}:{os.environ['PATH']}")
        process = PeerProcess(python)
    yield process
    process.close()


def by_the_client(process: PeerProcess, observatory: Observatory, home: Path, *words: str) -> PeerAnswer:
    write_login(home / ".softmax", observatory)
    (answer,) = PeerClient(process, home, observatory.url).ask(("upload-policy", *words))
    assert answer.code == 0, answer.err
    return answer


def taken(observatory: Observatory) -> list[tuple[str, Any]]:
    """What was posted so far, which is then forgotten; ids of what was made are left out."""
    found = bodies(observatory)
    observatory.requests.clear()
    for _, body in found:
        for name in ("container_image_id", "policy_secret_env_id", "id"):
            if name in body:
                body[name] = name
        for name in ("COWORLD_HTTPS_HOSTS", "COWORLD_LLM_EXTERNAL_ROUTE"):
            if name in body.get("policy_secret_env", {}):
                body["policy_secret_env"][name] = json.loads(body["policy_secret_env"][name])
    return found


@pytest.mark.docker
async def test_the_client_pushes_the_same_image_and_sends_the_same_bodies(
    observatory: Observatory,
    login: Path,
    registry: Registry,
    small_image: str,
    uploading_peer: PeerProcess,
    tmp_path: Path,
) -> None:
    words = (
        "--name mine --run python --run player.py --cpu 2 --memory 4Gi --cpu-limit 3 --gpu --use-llm "
        "--instance-type g6.xlarge --startup-port 8080 --tag a=b --title first --llm-model some/model "
        f"--secret-env API_KEY={SECRET} --https-host b.example.com --https-host a.example.com"
    )
    by_the_client(uploading_peer, observatory, tmp_path / "peer", small_image, *words.split())
    theirs, pushed = taken(observatory), registry.only_manifest()
    asked = list(registry.asked)
    registry.manifests.clear()
    registry.asked.clear()
    for image_id in [row for row in observatory.state.images if row in str(asked)]:
        del observatory.state.images[image_id]
    policy = ImagePolicy(
        small_image,
        "mine",
        ("python", "player.py"),
        {
            "requests": {"cpu": "2", "memory": "4Gi", "gpu": 1, "instance-type": "g6.xlarge"},
            "limits": {"cpu": "3"},
        },
        {"port": 8080, "path": "/healthz", "timeout_seconds": 1200},
        {"API_KEY": SECRET, **https_names(["b.example.com", "a.example.com"]), **llm_names("some/model")},
        {"a": "b", "title": "first"},
    )
    await sent(observatory, login, policy)
    assert taken(observatory) == theirs
    ours = registry.only_manifest()
    assert ours["config"] == pushed["config"]
    assert {key: ours[key] for key in ("schemaVersion", "mediaType")} == {
        key: pushed[key] for key in ("schemaVersion", "mediaType")
    }
    for mine, other, data in zip(ours["layers"], pushed["layers"], LAYERS, strict=True):
        assert mine["mediaType"] == other["mediaType"]
        assert gzip.decompress(registry.blob(mine["digest"])) == data
        assert gzip.decompress(registry.blob(other["digest"])) == data
    assert [method for method, path in asked if "manifests" in path] == ["PUT"]


@pytest.mark.docker
async def test_what_one_uploaded_the_other_does_not_push(
    observatory: Observatory,
    login: Path,
    registry: Registry,
    small_image: str,
    uploading_peer: PeerProcess,
    tmp_path: Path,
) -> None:
    await sent(observatory, login, ImagePolicy(small_image, "mine"))
    asked = len(registry.asked)
    answer = by_the_client(uploading_peer, observatory, tmp_path / "peer", small_image, "--name", "mine")
    assert "mine:v2" in answer.out
    assert len(registry.asked) == asked


async def test_the_client_sends_the_same_file(
    observatory: Observatory, login: Path, uploading_peer: PeerProcess, tmp_path: Path
) -> None:
    folder = tmp_path / "player"
    for name in ("b.py", "a/c.txt", "a.txt", "A", "a-b/x"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name * 1000)
    words = ("--file", str(folder), "--name", "scripted", "--tag", "a=b")
    by_the_client(uploading_peer, observatory, tmp_path / "peer", *words)
    theirs = taken(observatory)
    version = await sent(observatory, login, FilePolicy(folder, "scripted", {"a": "b"}))
    assert taken(observatory) == theirs
    assert (version.name, version.version) == ("scripted", 1)


@pytest.mark.docker
async def test_the_client_attaches_the_same_model(
    observatory: Observatory,
    login: Path,
    registry: Registry,
    small_image: str,
    uploading_peer: PeerProcess,
    tmp_path: Path,
) -> None:
    endpoint = "https://llm.example.com/v1/"
    words = f"--use-llm --llm-model m --llm-endpoint {endpoint} --cpu-limit 3".split()
    by_the_client(uploading_peer, observatory, tmp_path / "peer", small_image, *words)
    theirs = [body for path, body in taken(observatory) if path.startswith("/stats")]
    resources = {"requests": {}, "limits": {"cpu": "3"}}
    await sent(
        observatory,
        login,
        ImagePolicy(small_image, resources=resources, secret_env=llm_names("m", endpoint)),
    )
    assert [body for path, body in taken(observatory) if path.startswith("/stats")] == theirs


CERTIFIED = """
import sys
from pathlib import Path
from coworld.upload import cache_certified_manifest, validate_upload_manifest
import json
path = Path(sys.argv[1])
manifest = validate_upload_manifest(json.loads(path.read_bytes())).runtime_manifest
cache_certified_manifest(path, manifest=manifest.model_dump(exclude_none=True))
"""


@pytest.mark.docker
@pytest.mark.parametrize("make", [container_package, file_package])
async def test_the_client_publishes_the_same_coworld(
    observatory: Observatory,
    login: Path,
    registry: Registry,
    small_image: str,
    uploading_peer: PeerProcess,
    newer_engine: Path,
    peer_manifest: Callable[[str], Path],
    tmp_path: Path,
    make: Callable[[Path, Path, str], Package],
) -> None:
    package = make(peer_manifest("0.1.64"), tmp_path / "package", small_image)
    home = tmp_path / "peer"
    write_login(home / ".softmax", observatory)
    manifest = str(tmp_path / "package" / "coworld_manifest.json")
    has_passed(manifest, home, newer_engine)
    words = ("upload-coworld", manifest, "--no-wait-hosted-smoke", "--visibility", "private")
    (answer,) = PeerClient(uploading_peer, home, observatory.url).ask(words)
    assert answer.code == 0, answer.err + answer.out
    theirs = taken(observatory)
    forget(observatory)
    plan = await plan_upload(package, "private")
    async with signed_in(observatory, login) as client:
        coworld = await upload_coworld(client, plan, quiet)
    ours = taken(observatory)
    assert [path for path, _ in ours] == [path for path, _ in theirs]
    assert ours[:-1] == theirs[:-1]
    (_, mine), (_, other) = ours[-1], theirs[-1]
    for body in (mine, other):
        only_image(body["manifest"])
    assert mine.keys() == other.keys()
    assert same_meaning(Manifest.model_validate(mine["manifest"]), Manifest.model_validate(other["manifest"]))
    assert (coworld.name, coworld.visibility) == ("paintarena", "private")


def has_passed(manifest: str, home: Path, engine: Path) -> None:
    """Certification is another matter: for the client it is over."""
    env = {
        "PATH": f"{engine}:{os.environ['PATH']}",
        "HOME": str(home),
        "XDG_CACHE_HOME": f"{home}/cache",
    }
    subprocess.run([os.environ["COWORLD_PEER_64"], "-c", CERTIFIED, manifest], env=env, check=True)


def only_image(manifest: dict[str, Any]) -> None:
    """All its images are one of the server; its id, made anew each time, is left out."""
    images = images_of(manifest)
    assert len(images) == 1
    assert images[0].startswith("img_")
    manifest.update(with_images(manifest, {images[0]: "img"}))


def forget(observatory: Observatory) -> None:
    """Have the stand-in know nothing of what was uploaded."""
    uploads = uploads_of(observatory)
    uploads.files.clear()
    uploads.reporters.clear()
    for coworld_id in uploads.smoke:
        del observatory.state.coworlds[coworld_id]
    uploads.smoke.clear()
    for image_id, row in list(observatory.state.images.items()):
        if observatory.state.owners.get(image_id):
            assert row["status"] == "ready"
            del observatory.state.images[image_id]


@pytest.mark.parametrize("course", [("completed",), ("failed",), ("running",)])
async def test_the_client_says_the_same_of_a_new_version(
    observatory: Observatory,
    login: Path,
    uploading_peer: PeerProcess,
    peer_manifest: Callable[[str], Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    course: tuple[str, ...],
) -> None:
    observatory.state.images[UPLOADED] = {"id": UPLOADED, "name": "x", "version": 1, "status": "ready"}
    plan = await plan_upload(container_package(peer_manifest("0.1.64"), tmp_path, UPLOADED))
    async with signed_in(observatory, login) as client:
        version = await upload_coworld(client, plan, quiet)
    uploads = uploads_of(observatory)
    uploads.smoke_course, uploads.certification_course = course, ("failed",)
    uploads.certification_failure = {
        "kind": "x", "detail": "slow", "remediation": "quick", "retryable": True, "documentation_url": "y"
    }  # fmt: skip
    write_login(tmp_path / "peer" / ".softmax", observatory)
    words = ("status", version.id, "--json")
    (answer,) = PeerClient(uploading_peer, tmp_path / "peer", observatory.url).ask(words)
    options = program().parse_args(["league", *words, "--server", observatory.url])
    await status(options)
    ours, theirs = json.loads(capsys.readouterr().out), answer.document
    for document in (ours, theirs):
        for made_anew in ("certification_job_id", "completed_at"):
            del document["certification"][made_anew]
    assert ours == theirs
