"""``league upload-policy`` and ``upload-coworld``: what they say, when they ask, and how they end."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from coworld_tui.cli.league import league
from coworld_tui.cli.output import guarded
from coworld_tui.cli.parsers import program
from coworld_tui.league_demo.routes_uploads import Uploads

from ..observatory.images import layer, loaded
from ..observatory.logins import write_login
from ..observatory.packages import UPLOADED, container_package, written
from ..observatory.registry import TOKEN, Registry, registry_in
from ..observatory.server import Observatory, serving
from ..terminal.pseudo import Terminal
from .command import Done, Running, coworld

SECRET = "s3cret-value-9c1"


class World:
    """A server with a registry, and a command line that is logged in there."""

    def __init__(self, server: Observatory, registry: Registry, folder: Path) -> None:
        self.server = server
        self.registry = registry
        self.folder = folder
        registry.attach(server)
        self.env = {
            "SOFTMAX_CONFIG_DIR": str(write_login(folder / "login", server).parent),
            "COWORLD_TUI_HOME": str(folder / "home"),
        }
        row = {"id": UPLOADED, "name": "x", "version": 1, "status": "ready", "client_hash": "x"}
        server.state.images[UPLOADED] = row

    @property
    def uploads(self) -> Uploads:
        """What the server was given."""
        return self.server.state.part(Uploads)

    def do(self, *words: str, env: dict[str, str] | None = None) -> Done:
        """``league`` with these arguments, without a terminal."""
        done = coworld("league", *words, "--server", self.server.url, env={**self.env, **(env or {})})
        for hidden in (self.server.token_user, self.server.token_player, TOKEN, SECRET, "\x1b", "Signature"):
            assert hidden not in done.out + done.err
        return done

    def posted(self) -> list[str]:
        """Where something was sent, in order."""
        return [seen.path for seen in self.server.requests if seen.method == "POST"]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with serving() as server, registry_in(tmp_path / "registry") as registry:
        yield World(server, registry, tmp_path)


@pytest.fixture(scope="module")
def image(docker_engine: Any) -> Iterator[str]:
    """A small image in the engine."""
    with loaded(docker_engine, [layer("a"), layer("b", 3000)]) as ref:
        yield ref


@pytest.mark.docker
def test_a_policy_of_an_image(world: World, image: str) -> None:
    words = ("upload-policy", image, "--name", "mine", "--run", "python", "--run", "a b", "--tag", "k=v")
    more = ("--secret-env", f"API_KEY={SECRET}", "--secret-env", "OTHER", "--cpu", "2", "--title", "first")
    done = world.do(*words, *more, "--yes", env={"OTHER": "from-the-shell"})
    assert done.code == 0, done.err
    version = world.server.state.policy_version("mine:v1")
    assert [line.split() for line in done.out.splitlines()] == [
        ["uploaded", "mine:v1"],
        ["version", version["id"]],
    ]
    body = world.uploads.policies[version["id"]]
    assert body["run"] == ["python", "a b"]
    assert body["tags"] == {"k": "v", "title": "first"}
    assert body["resources"] == {"requests": {"cpu": "2"}}
    secrets = world.uploads.secrets[body["policy_secret_env_id"]]
    assert secrets == {"API_KEY": SECRET, "OTHER": "from-the-shell"}
    assert "secrets  API_KEY, OTHER" in done.err
    assert "from-the-shell" not in done.err
    assert "as user Sam" in done.err
    assert "config" in done.err
    assert "league submit mine:v1" in done.err
    again = world.do(*words, "-y", "--json")
    assert (again.document["name"], again.document["version"]) == ("mine", 2)
    assert len(world.registry.manifests) == 1


@pytest.mark.docker
def test_nothing_is_sent_where_nobody_can_be_asked(world: World, image: str) -> None:
    done = world.do("upload-policy", image, "--json")
    assert (done.code, done.document["error"]["type"]) == (2, "not_confirmed")
    assert "Upload" in done.err
    assert world.posted() == []


@pytest.mark.docker
@pytest.mark.parametrize(("keys", "code"), [("y\n", 0), ("n\n", 130), ("\x03", 130)])
def test_in_a_terminal_it_asks(world: World, image: str, keys: str, code: int) -> None:
    line = ("league", "upload-policy", image, "--server", world.server.url)
    opened = Terminal(*line, env={**world.env}, cwd=world.folder)
    try:
        opened.shows("[y/N]")
        assert world.posted() == []
        opened.press(keys)
        assert opened.ends() == code
    finally:
        opened.close()
    assert bool(world.posted()) == (code == 0)


@pytest.mark.docker
def test_stopped_in_mid_push_it_leaves_nothing_here(world: World, image: str) -> None:
    world.registry.stalls = True
    running = Running("league", "upload-policy", image, "--yes", "--server", world.server.url, env=world.env)
    try:
        world.registry.stalled.wait(30)
        running.signal(signal.SIGTERM)
        assert running.ends().code == 130
    finally:
        running.close()
    assert list((world.folder / "home" / "cache" / "uploads").iterdir()) == []


def test_a_policy_of_a_file(world: World, tmp_path: Path) -> None:
    (tmp_path / "player").mkdir()
    (tmp_path / "player" / "main.py").write_text("print()")
    words = ("upload-policy", "--file", str(tmp_path / "player"), "-n", "scripted", "--yes")
    assert world.do(*words).code == 0
    again = world.do(*words, "--json")
    assert (again.document["name"], again.document["version"]) == ("scripted", 1)
    assert len(world.uploads.files) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "give an IMAGE, or --file PATH"),
        (("x:1", "--file", "y"), "--file stands for itself"),
        (("--file", "y", "--cpu", "2"), "--file stands for itself"),
        (("--file", "y", "--secret-env", "K=V"), "--file stands for itself"),
        (("x:1", "--startup-path", "/x"), "give --startup-port too"),
        (("x:1", "--startup-port", "80"), "from 1024 to 65535"),
        (("x:1", "--llm-model", "m"), "give --use-llm too"),
        (("x:1", "--use-llm", "--llm-endpoint", "https://a.b/v1"), "--llm-model too"),
        (("x:1", "--llm-api-key-env", "K"), "give --llm-endpoint too"),
        (("x:1", "--secret-env", "NO_SUCH_VARIABLE"), "has no value"),
        (("x:1", "--tag", "k"), "NAME=VALUE"),
        (("x:1", "--https-host", "http://x"), "names of hosts"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_options_that_do_not_go_together(
    words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refused("upload-policy", *words) == 2
    assert said in capsys.readouterr().err


def refused(*words: str) -> int:
    """The exit code of ``league`` in this process, with a server that does not exist."""
    line = ["league", *words, "--yes", "--server", "http://127.0.0.1:9/api"]
    try:
        options = program().parse_args(line)
    except SystemExit as ended:
        return int(str(ended.code))
    return guarded(lambda: league(options), options)


def test_a_file_that_is_not_there(world: World) -> None:
    done = world.do("upload-policy", "--file", "/no/such/player", "--yes")
    assert done.code == 2
    assert "there is no /no/such/player" in done.err
    assert world.posted() == []


def test_no_engine(world: World) -> None:
    done = world.do("upload-policy", "x:1", "--yes", env={"DOCKER_HOST": f"unix://{world.folder}/none"})
    assert done.code == 3
    assert "Docker engine does not answer" in done.err


@pytest.mark.docker
def test_an_image_that_is_not_there(world: World) -> None:
    done = world.do("upload-policy", "coworld-tui-no-such-image:1", "--yes", "--json")
    assert (done.code, done.document["error"]["type"]) == (3, "image_unreachable")
    assert world.posted() == []


def test_nobody_can_upload_nothing(world: World, tmp_path: Path) -> None:
    (tmp_path / "player").write_text("x")
    world.server.state.tokens.clear()
    words = ("upload-policy", "--file", str(tmp_path / "player"), "--yes", "--json")
    done = world.do(*words)
    assert (done.code, done.document["error"]["type"]) == (3, "login_needed")
    assert "does not know the saved login" in done.err
    none = world.do(*words, env={"SOFTMAX_CONFIG_DIR": str(tmp_path / "nobody")})
    assert (none.code, none.document["error"]["type"]) == (3, "login_needed")
    assert world.posted() == []


# -- a Coworld --------------------------------------------------------------------------------


@pytest.fixture
def stored(world: World, peer_manifest: Callable[[str], Path]) -> str:
    """A Coworld of the server whose images are there."""
    package = container_package(peer_manifest("0.1.64"), world.folder / "stored", UPLOADED)
    row = next(row for row in world.server.state.coworlds.values() if row["canonical"])
    row["manifest"] = package.raw
    world.uploads.smoke_course = ("completed",)
    return str(row["id"])


def test_a_new_version_of_one_that_is_there(world: World, stored: str) -> None:
    words = ("upload-coworld", "--from-coworld", "paintarena", "--version", "7.0.0", "--yes")
    done = world.do(*words, "--patch", '{"game": {"description": "New."}}', "--visibility", "private")
    assert done.code == 0, done.err
    new = list(world.server.state.coworlds.values())[-1]
    assert (new["version"], new["visibility"]) == ("7.0.0", "private")
    assert new["manifest"]["game"]["description"] == "New."
    assert [line.split() for line in done.out.splitlines()] == [
        ["uploaded", "paintarena", "7.0.0"],
        ["id", new["id"]],
        *(["hosted", "episode", name, "completed"] for name in world.uploads.smoke[new["id"]]),
        ["certification", "never_run"],
    ]
    status = world.do("status", new["id"])
    assert status.code == 0
    assert ["canonical", "no"] in [line.split() for line in status.out.splitlines()]
    again = world.do(*words)
    assert again.code == 1
    assert "already exists" in again.err


def test_what_the_server_makes_of_it_decides(
    world: World, stored: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in world.env.items():
        monkeypatch.setenv(name, value)

    def upload(version: str, *more: str) -> tuple[int, Any]:
        line = ["league", "upload-coworld", "--from-coworld", stored, "--version", version, *more]
        options = program().parse_args(
            [*line, "--wait-certification", "--yes", "--json", "--server", world.server.url]
        )
        code = guarded(lambda: league(options), options)
        return code, json.loads(capsys.readouterr().out)

    course = world.uploads
    course.smoke_course = ("failed",)
    code, document = upload("7.0.1")
    assert code == 1
    assert document["hosted_smoke_episodes"][0]["error"] == "the game did not start"
    course.smoke_course = ("completed",)
    course.certification_course = ("failed",)
    failure = {"kind": "x", "detail": "it is slow", "remediation": "be quick", "documentation_url": "x"}
    for number, (retryable, wanted) in enumerate([(False, 1), (True, 3)]):
        course.certification_failure = {**failure, "retryable": retryable}
        code, document = upload(f"7.1.{number}")
        assert (code, document["certification"]["state"]) == (wanted, "failed")
    course.certification_course = ("certified",)
    code, document = upload("7.2.0")
    assert (code, document["certification"]["certified"]) == (0, True)
    course.certification_course = ("queued",)
    code, document = upload("7.3.0", "--certification-timeout-seconds", "0.1")
    assert (code, document["error"]["type"]) == (3, "timeout")
    assert document["coworld"]["version"] == "7.3.0"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "give a MANIFEST, or --from-coworld"),
        (("x.json", "--version", "2"), "give --from-coworld too"),
        (("x.json", "--from-coworld", "y", "--version", "2"), "exclude each other"),
        (("--from-coworld", "y"), "nothing is to be changed"),
        (("no.json",), "there is no no.json"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_coworld_options_that_do_not_go_together(
    words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refused("upload-coworld", *words) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("patch", ["{", "[]", "no-such.json", "{}x"])
def test_patches_that_are_none(patch: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert refused("upload-coworld", "--from-coworld", "paintarena", "--patch", patch) == 2
    assert "--patch is no JSON object" in capsys.readouterr().err


@pytest.mark.docker
def test_a_package_is_certified_once_and_then_published(
    world: World, peer_manifest: Callable[[str], Path]
) -> None:
    document = quick(json.loads(peer_manifest("0.1.64").read_bytes()))
    package = written(document, world.folder / "package").directory
    world.uploads.registry = None  # the image is large, and another test's matter
    words = ("upload-coworld", str(package), "--no-wait-hosted-smoke", "--yes")
    done = world.do(*words)
    assert done.code == 0, done.err
    assert "It is certified here first" in done.err
    assert "✓ smoke-episode" in done.err
    assert done.out.splitlines()[0].split() == ["uploaded", "paintarena", document["game"]["version"]]
    world.server.state.coworlds.popitem()
    again = world.do(*words)
    assert again.code == 0, again.err
    assert "passed certification here at" in again.err
    assert "smoke-episode" not in again.err


@pytest.mark.docker
def test_a_package_that_does_not_pass_is_not_published(
    world: World, peer_manifest: Callable[[str], Path]
) -> None:
    document = json.loads(peer_manifest("0.1.64").read_bytes())
    document["player"][0]["run"] = ["python", "-c", "raise SystemExit(3)"]
    package = written(document, world.folder / "package").directory
    done = world.do("upload-coworld", str(package), "--yes", "--json")
    assert (done.code, done.document["error"]["type"]) == (1, "not_certified")
    assert "smoke-episode" in done.document["error"]["cause"]
    assert world.posted() == []
    assert "report" in done.document["error"]["next_step"]


@pytest.mark.docker
def test_a_package_that_is_changed_meanwhile_is_not_published(
    world: World, peer_manifest: Callable[[str], Path]
) -> None:
    document = quick(json.loads(peer_manifest("0.1.64").read_bytes()))
    package = written(document, world.folder / "package").directory
    assert package is not None
    words = ("league", "upload-coworld", str(package), "--yes", "--server", world.server.url)
    running = Running(*words, env=world.env)
    try:
        running.says("✓ matriculate")
        document["game"]["description"] = "Changed."
        written(document, package)
        done = running.ends()
    finally:
        running.close()
    assert done.code == 1
    assert "changed while it was certified" in done.err
    assert world.posted() == []


def quick(document: dict[str, Any]) -> dict[str, Any]:
    """A manifest whose certification is over soon."""
    document["certification"]["game_config"] |= {"max_ticks": 5, "tick_rate": 50}
    for section in ("commissioner", "grader", "diagnoser", "optimizer"):
        document.pop(section, None)
    return document
