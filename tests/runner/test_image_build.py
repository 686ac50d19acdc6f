"""Building a project through the engine: what is sent, what is said, what is left behind."""

from __future__ import annotations

import asyncio
import io
import json
import os
import shutil
import subprocess
import tarfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from coworld_tui.contract.compose import ImageBuild
from coworld_tui.contract.errors import EXIT_MISSING, EXIT_USAGE, CoworldError
from coworld_tui.contract.generations import ROLE_SECTIONS
from coworld_tui.contract.manifest import Manifest
from coworld_tui.contract.package import read_package
from coworld_tui.contract.template import read_template
from coworld_tui.runner.build_context import BuildContext
from coworld_tui.runner.package_build import Build
from coworld_tui.runner.package_files import PackageFiles

from ..cli.command import until
from ..rogue.launch import BARE_IMAGE
from .projects import TEMPLATE, image_name, registry, write_project

ORACLE = Path(__file__).with_name("build_oracle.py")


@pytest.fixture
def image(docker_engine: Any) -> Iterator[str]:
    """A reference for images of this test."""
    with image_name(docker_engine) as name:
        yield f"{name}:latest"


def sent(folder: Path, dockerfile: str = "Dockerfile") -> dict[str, tarfile.TarInfo]:
    """The entries of the context of ``folder``, as a reader of tar files sees them."""
    context = BuildContext(ImageBuild(folder.resolve(), dockerfile))
    with tarfile.open(fileobj=io.BytesIO(b"".join(context))) as archive:
        return {entry.name: entry for entry in archive}


def test_the_context_leaves_out_what_is_ignored_and_follows_no_link(tmp_path: Path) -> None:
    folder = tmp_path / "context"
    (folder / "secret").mkdir(parents=True)
    (folder / "secret" / "key").write_text("key")
    (folder / "a.py").write_bytes(b"x" * 3_000_000)
    (folder / "a.pyc").write_text("")
    (folder / ("n" * 90)).mkdir()
    (folder / ("n" * 90) / ("é" * 60)).write_text("long")
    (folder / "link").symlink_to("/etc/passwd")
    os.mkfifo(folder / "pipe")
    (folder / "Dockerfile").write_text("FROM scratch\n")
    (folder / ".dockerignore").write_text("# comment\n\nsecret\n**/*.pyc\nDockerfile\n")
    entries = sent(folder)
    assert set(entries) == {".dockerignore", "Dockerfile", "a.py", "link", "n" * 90, f"{'n' * 90}/{'é' * 60}"}
    assert entries["link"].issym()
    assert entries["link"].linkname == "/etc/passwd"
    assert entries["a.py"].size == 3_000_000
    assert {(entry.uid, entry.gid) for entry in entries.values()} == {(0, 0)}


def test_a_dockerfile_from_outside_goes_along_and_its_own_rules_come_first(tmp_path: Path) -> None:
    (tmp_path / "context").mkdir()
    (tmp_path / "context" / "a").write_text("a")
    (tmp_path / "context" / ".dockerignore").write_text("*\n")
    (tmp_path / "Game").write_text("FROM scratch\n")
    (tmp_path / "Game.dockerignore").write_text("nothing\n")
    entries = sent(tmp_path / "context", "../Game")
    assert set(entries) == {".dockerignore", "a", ".coworld-tui.Dockerfile"}


@pytest.mark.parametrize("build", [("nowhere", "Dockerfile"), (".", "No.Dockerfile")])
def test_a_context_that_is_not_there(tmp_path: Path, build: tuple[str, str]) -> None:
    with pytest.raises(CoworldError) as caught:
        BuildContext(ImageBuild(tmp_path / build[0], build[1]))
    assert (caught.value.type, caught.value.exit_code) == ("build_context", EXIT_USAGE)


@pytest.mark.docker
async def test_a_build_names_images_by_content(tmp_path: Path, image: str, docker_engine: Any) -> None:
    project = write_project(tmp_path, image, "ARG WORD\nLABEL word=$WORD\nCOPY . /app\n")
    compose = json.loads((project / "compose.yaml").read_text())
    compose["services"]["the-game"]["build"] = {"context": ".", "args": {"WORD": "${WORD:-none}"}}
    (project / "compose.yaml").write_text(json.dumps(compose))
    lines: list[str] = []
    outcome = await Build(project, "1.2.3", environment={"WORD": "sesame"}).run(lines.append)

    built = docker_engine.images.get(image)
    assert built.labels["word"] == "sesame"
    ref = f"{image.removesuffix(':latest')}:coworld-{built.id.removeprefix('sha256:')[:12]}"
    assert outcome.images == {"the-game": ref}
    assert docker_engine.images.get(ref).id == built.id
    package = read_package(outcome.path)
    assert (outcome.path, package.version) == (project / "dist" / "coworld_manifest.json", "1.2.3")
    assert {player.image for player in package.manifest.player} == {ref}
    assert next(line for line in lines if "step" in line) == f"the-game  step 1/4  FROM {BARE_IMAGE}"
    again = await Build(project, "1.2.3", environment={"WORD": "sesame"}).run()
    assert again.images == outcome.images


@pytest.mark.docker
async def test_a_failed_build_says_which_service_and_the_last_lines(tmp_path: Path, image: str) -> None:
    project = write_project(tmp_path, image, "RUN printf 'first\\n\\033[2Jno such wheel\\n'; exit 3\n")
    lines: list[str] = []
    with pytest.raises(CoworldError) as caught:
        await Build(project, "1.0").run(lines.append)
    error = caught.value
    assert (error.type, error.exit_code) == ("build_failed", 1)
    assert "the-game" in error.title
    assert "non-zero code: 3" in error.cause
    assert "no such wheel" in error.cause
    assert str(project / "Dockerfile") in error.next_step
    assert "the-game    | no such wheel" in lines
    assert all(line.isprintable() for line in [*lines, error.cause])
    assert not (project / "dist").exists()


@pytest.mark.docker
@pytest.mark.parametrize("line", ["RUN --mount=type=cache,target=/c true", "RUN <<EOF\necho a\nEOF"])
async def test_a_dockerfile_for_buildkit_says_what_to_do(tmp_path: Path, image: str, line: str) -> None:
    project = write_project(tmp_path, image, f"{line}\n")
    with pytest.raises(CoworldError) as caught:
        await Build(project, "1.0").run()
    assert caught.value.type == "build_failed"
    assert "docker buildx build" in caught.value.next_step


@pytest.mark.docker
async def test_a_cancelled_build_leaves_nothing_running(
    tmp_path: Path, image: str, docker_engine: Any
) -> None:
    marker = uuid.uuid4().hex
    project = write_project(tmp_path, image, f"RUN : {marker}; sleep 600\n")
    building = asyncio.Event()

    def hear(line: str) -> None:
        if marker in line:
            building.set()

    def seen() -> bool:
        return any(marker in str(one["Command"]) for one in docker_engine.api.containers(all=True))

    task = asyncio.create_task(Build(project, "1.0").run(hear))
    async with asyncio.timeout(30):
        await building.wait()
        await asyncio.to_thread(until, seen)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.to_thread(until, lambda: not seen())
    assert not (project / "dist").exists()


@pytest.mark.docker
async def test_images_of_a_registry_are_named_by_their_digest(tmp_path: Path, image: str) -> None:
    name = image.removesuffix(":latest")
    with registry(name) as ref:
        services = {"judge": {"image": f"{ref}:latest"}, "pinned": {"image": f"acme/x@sha256:{'0' * 64}"}}
        project = write_project(tmp_path, image, services=services)
        outcome = await Build(project, "1.0").run()
        digest = outcome.images["judge"]
        assert digest.startswith(f"{ref}@sha256:")
        assert outcome.images["pinned"] == services["pinned"]["image"]
    lines: list[str] = []
    offline = await Build(project, "1.0").run(lines.append)
    assert offline.images == outcome.images
    assert any("its registry does not answer" in line for line in lines)


@pytest.mark.docker
async def test_an_image_that_nobody_has(tmp_path: Path, image: str) -> None:
    services = {"judge": {"image": image.replace(":latest", "-absent:1")}}
    project = write_project(tmp_path, image, services=services)
    with pytest.raises(CoworldError) as caught:
        await Build(project, "1.0").run()
    assert (caught.value.type, caught.value.exit_code) == ("image_unreachable", EXIT_MISSING)


@pytest.mark.docker
async def test_files_of_the_package_lie_beside_the_manifest(tmp_path: Path, image: str) -> None:
    project = write_project(
        tmp_path, image, player_runtime="game-hosted", replay_viewer={"bundle": "build/viewer"}
    )
    template = json.loads((project / TEMPLATE).read_bytes())
    for player in template["player"]:
        del player["image"]
        player["file"] = "bots/one"
    (project / TEMPLATE).write_text(json.dumps(template))
    (project / "bots" / "one").mkdir(parents=True)
    (project / "bots" / "one" / "bot.py").write_text("new")
    with pytest.raises(CoworldError, match="no executable tools/build_replay_viewer"):
        await Build(project, "1.0").run()
    hook = project / "tools" / "build_replay_viewer.sh"
    hook.parent.mkdir()
    hook.write_text('#!/bin/sh\necho "$OUT"; exit 5\n')
    hook.chmod(0o755)
    with pytest.raises(CoworldError, match="it ended with 5"):
        await Build(project, "1.0").run()
    hook.write_text('#!/bin/sh\nmkdir -p "$1"; echo hello > "$1/index.html"\n')
    outcome = await Build(project, "1.0").run()
    dist = outcome.path.parent
    assert (dist / "build" / "viewer" / "index.html").is_file()
    (dist / "bots" / "one" / "old.py").write_text("from the build before")
    await Build(project, "1.0").run()
    assert [path.name for path in (dist / "bots" / "one").iterdir()] == ["bot.py"]


def with_player_files(project: Path, *files: str) -> Manifest:
    """The manifest of a project whose players are ``files``, which are there."""
    manifest = read_template((project / TEMPLATE).read_bytes(), TEMPLATE, "1.0").manifest
    for player, file in zip(manifest.player, files, strict=False):
        player.file = file
        (project / file).mkdir(parents=True, exist_ok=True)
        (project / file / "bot.py").write_text("new")
    return manifest


async def test_only_what_an_earlier_build_made_is_replaced(tmp_path: Path) -> None:
    project = write_project(tmp_path / "project", "game:1")
    manifest = with_player_files(project, "bots/one", "bots", "bots/one")
    output = tmp_path / "home" / "coworld_manifest.json"
    precious = tmp_path / "home" / "bots" / "one" / "thesis.txt"
    precious.parent.mkdir(parents=True)
    precious.write_text("years of work")
    for named in (None, [{"file": "bots/two"}], [{"file": "./bots/one/"}]):
        if named is not None:
            output.write_text(json.dumps({"player": named}))
        with pytest.raises(CoworldError) as caught:
            PackageFiles(manifest, project, output)
        assert (caught.value.type, caught.value.exit_code) == ("package_files", EXIT_USAGE)
        assert "no earlier build" in caught.value.cause
        assert "--output" in caught.value.next_step

    output.write_text(json.dumps({"player": [{"file": "./bots/"}]}))
    files = PackageFiles(manifest, project, output)
    assert precious.exists()
    await files.make(lambda line: None)
    assert not precious.exists()
    assert (precious.parent / "bot.py").read_text() == "new"


async def test_what_comes_into_the_way_during_a_build_is_not_replaced(tmp_path: Path) -> None:
    project = write_project(tmp_path / "project", "game:1")
    files = PackageFiles(with_player_files(project, "bots/one"), project, project / "dist" / "manifest.json")
    precious = project / "dist" / "bots" / "one" / "thesis.txt"
    precious.parent.mkdir(parents=True)
    precious.write_text("years of work")
    with pytest.raises(CoworldError, match="no earlier build"):
        await files.make(lambda line: None)
    assert precious.read_text() == "years of work"


@pytest.mark.parametrize(
    "document",
    ["", "[]", '{"player": 3, "game": []}', '{"player": [{"file": "../.."}, {"file": "."}, {"file": "/"}]}'],
)
async def test_a_manifest_that_names_nothing_lets_nothing_be_replaced(tmp_path: Path, document: str) -> None:
    project = write_project(tmp_path / "project", "game:1")
    manifest = with_player_files(project, "bots/one")
    (project / "dist" / "bots" / "one").mkdir(parents=True)
    (project / "dist" / "manifest.json").write_text(document)
    with pytest.raises(CoworldError, match="no earlier build"):
        PackageFiles(manifest, project, project / "dist" / "manifest.json")


def test_a_project_is_never_replaced_by_its_own_file(tmp_path: Path) -> None:
    project = write_project(tmp_path / "bots", "game:1")
    output = tmp_path / "coworld_manifest.json"
    output.write_text('{"player": [{"file": "bots"}]}')
    with pytest.raises(CoworldError, match="lie within one another"):
        PackageFiles(with_player_files(project, "bots"), project, output)


@pytest.mark.parametrize(
    ("file", "says"),
    [
        ("../outside", "no path within the package"),
        ("/etc/passwd", "no path within the package"),
        ("link", "is or holds a link"),
        ("folder", "is or holds a link"),
        ("absent", "there is no player file"),
    ],
)
def test_player_files_stay_within_the_project(tmp_path: Path, file: str, says: str) -> None:
    project = write_project(tmp_path / "project", "game:1")
    (tmp_path / "outside").write_text("x")
    (project / "folder").mkdir()
    for link in (project / "link", project / "folder" / "link"):
        link.symlink_to(tmp_path / "outside")
    template = read_template((project / TEMPLATE).read_bytes(), TEMPLATE, "1.0")
    template.manifest.player[0].file = file
    with pytest.raises(CoworldError) as caught:
        PackageFiles(template.manifest, project, project / "dist" / "manifest.json")
    assert (caught.value.type, caught.value.exit_code) == ("package_files", EXIT_USAGE)
    assert says in caught.value.cause


async def test_what_nobody_would_load_is_not_built(tmp_path: Path) -> None:
    project = write_project(tmp_path, "game:1", description="")
    with pytest.raises(CoworldError) as caught:
        await Build(project, "not a version", environment={}).run()
    assert (caught.value.type, caught.value.exit_code) == ("manifest_invalid", EXIT_USAGE)
    assert "game.version" in caught.value.cause


@pytest.mark.docker
@pytest.mark.peer
@pytest.mark.parametrize("version", ["0.1.11", "0.1.64"])
async def test_the_published_client_builds_the_same_manifest(
    version: str, tmp_path: Path, image: str, peer_manifest: Callable[[str], Path]
) -> None:
    """The client runs the Docker command for inspecting and tagging; ``compose`` is answered for it."""
    python = os.environ.get(f"COWORLD_PEER_{version.rpartition('.')[2]}")
    if not python:
        pytest.skip(f"no Python with the published client {version}")
    if shutil.which("docker") is None:
        pytest.skip("the published client needs the docker command")
    project = write_project(tmp_path / "project", image)
    template = json.loads(peer_manifest(version).read_bytes())
    del template["game"]["version"]
    template["game"].pop("replay_viewer", None)
    source = "https://github.com/acme/thing/tree/main/game"
    roles = [part for section in ROLE_SECTIONS for part in template.get(section, []) if "image" in part]
    for part in (template["game"]["runnable"], *roles):
        part["image"] = "{{THE_GAME_IMAGE}}"
    for part in (template["game"]["runnable"], template["player"][0]):
        part["source_url"] = source
    (project / TEMPLATE).write_text(json.dumps(template))
    for command in (
        ["init", "-q"],
        ["remote", "add", "origin", "git@github.com:acme/thing.git"],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "one"],
    ):
        await asyncio.to_thread(subprocess.run, ["git", "-C", str(project), *command], check=True)
    outcome = await Build(project, "1.2.3").run()

    (tmp_path / "config.json").write_text((project / "compose.yaml").read_text())
    shim = tmp_path / "bin" / "docker"
    shim.parent.mkdir()
    shim.write_text(
        f'#!/bin/sh\ncase "$1 $4" in\n"compose config") exec cat {tmp_path}/config.json;;\n'
        f'"compose "*) exit 0;;\nesac\n'
        f'PATH="{os.environ["PATH"]}" exec docker "$@"\n'
    )
    shim.chmod(0o755)
    theirs = project / "theirs" / "coworld_manifest.json"
    given = [project / "compose.yaml", project / TEMPLATE, "1.2.3", theirs, outcome.path]
    command = [python, str(ORACLE), *map(str, given)]
    asked = await asyncio.to_thread(
        subprocess.run,
        command,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PATH": f"{shim.parent}:{os.environ['PATH']}"},
    )
    assert asked.returncode == 0, asked.stderr[-2000:]
    answer = json.loads(asked.stdout)
    assert answer["ours"] == answer["theirs"]
    assert answer["ours"]["game"]["runnable"]["image"] == outcome.images["the-game"]
    pinned = answer["ours"]["player"][0]["source_url"]
    assert (pinned == source) == (version == "0.1.11")
