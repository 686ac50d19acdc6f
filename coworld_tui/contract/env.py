"""Environment of game, player and replay containers: the union of both contracts (local.md 3.4 to 3.9).

A game reads the names it knows, so every container gets the names of both generations.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from .errors import CoworldError
from .generations import Generation, replay_filename
from .jsontext import UnreadableJson, read_json_object
from .package import Package
from .problems import config_error, listed
from .text import safe_line

GAME_PORT = 8080
"""The port a game container listens on."""

EXTRA_PORTS_VARIABLE = "COWORLD_LOCAL_EXTRA_PORTS"
SECRET_URIS_VARIABLE = "COWORLD_LOCAL_SECRET_URIS"

_SECRET_SCHEME = "secret://"
_SECRET_TARGETS = ("http://", "https://", "file://")
_COMMIT = re.compile(r"/(?:tree|blob|commit)/([0-9a-f]{40})(?:/|$)")
_DIGEST = re.compile(r"@(sha256:[0-9a-f]{64})\Z")
_PORT_ENTRY = re.compile(r"(\d{1,5})(?:\s*:\s*(\d{1,5}))?(?:/tcp)?\Z", re.ASCII)
_PORT_MAX = 65_535


def game_environment(
    *,
    package: Package,
    declared: Mapping[str, str],
    workspace: str,
    host: str,
    port: int,
    generation: Generation,
    episode_id: str,
    policy_names: Sequence[str] | None = None,
    local_ports: Mapping[int, int] | None = None,
) -> dict[str, str]:
    """Return the environment of the game.

    ``declared`` is the manifest's, secrets resolved; the contract's own names win over it.
    ``workspace`` is the URI the game sees the workspace at, such as ``file:///coworld``.
    ``generation`` names the replay file. ``local_ports`` maps extra container ports to the
    loopback ports they are published on.
    """
    base = workspace.rstrip("/")
    game = package.manifest.game
    environment = {
        **declared,
        "COGAME_HOST": host,
        "COGAME_PORT": str(port),
        "COGAME_CONFIG_URI": f"{base}/config.json",
        "COGAME_RESULTS_URI": f"{base}/results.json",
        "COGAME_SAVE_REPLAY_URI": f"{base}/{replay_filename(generation)}",
        "COGAME_SAVE_TRAJECTORY_URI": f"{base}/trajectory.jsonl",
        "COGAME_PLAYER_FAILURE_URI": f"{base}/player_failure.json",
        "COGAME_EVENTS_URI": f"{base}/events.json",
        "COWORLD_EPISODE_ID": episode_id,
        "COWORLD_GAME_NAME": game.name,
        "COWORLD_GAME_VERSION": game.version,
        "COWORLD_SOURCE_REVISION": source_revision(game.runnable.source_url, game.runnable.image),
    }
    digest = _DIGEST.search(game.runnable.image)
    if digest:
        environment["COWORLD_GAME_IMAGE_DIGEST"] = digest[1]
    if policy_names is not None:
        environment["COWORLD_POLICY_NAMES"] = json.dumps(list(policy_names))
    return environment | _local_port_names(local_ports or {})


def player_environment(
    *,
    url: str,
    declared: Mapping[str, str],
    secret: Mapping[str, str] | None = None,
    artifact_uri: str | None = None,
    start_url: str | None = None,
) -> dict[str, str]:
    """Return the environment of one player: ``declared``, then ``secret``, then the runner's names win.

    ``url`` is the slot's websocket with its token. ``artifact_uri`` is where the player may
    write its artifact. ``start_url`` is the game's health page, for players with a warmup.
    """
    environment = {
        **declared,
        **(secret or {}),
        "COWORLD_PLAYER_WS_URL": url,
        "COGAMES_ENGINE_WS_URL": url,
    }
    if artifact_uri is not None:
        environment["COWORLD_PLAYER_ARTIFACT_UPLOAD_URL"] = artifact_uri
    if start_url is not None:
        environment["COWORLD_PLAYER_START_URL"] = start_url
    return environment


def replay_environment(
    *, replay_uri: str, declared: Mapping[str, str], host: str, port: int
) -> dict[str, str]:
    """Return the environment of a game that shows the replay at ``replay_uri`` instead of playing.

    0.1.11 games also need ``?uri=<replay_uri>`` on the page and the websocket.
    """
    return {
        **declared,
        "COGAME_HOST": host,
        "COGAME_PORT": str(port),
        "COGAME_REPLAY_SERVER": "1",
        "COGAME_LOAD_REPLAY_URI": replay_uri,
    }


def source_revision(source_url: str | None, image: str) -> str:
    """Return what identifies the game's source: a commit, else the source address, else the image."""
    commit = _COMMIT.search(source_url) if source_url else None
    return commit[1] if commit else source_url or image


def parse_secret_uris(text: str) -> dict[str, str]:
    """Read the host variable ``COWORLD_LOCAL_SECRET_URIS``: a JSON object of ``secret://`` to real URIs."""
    try:
        uris = read_json_object(text.encode(errors="surrogateescape")) if text.strip() else {}
    except UnreadableJson as error:
        raise config_error(f"{SECRET_URIS_VARIABLE} cannot be read", f"it {error}") from None
    wrong = [name for name, uri in uris.items() if not _is_secret_target(uri)]
    if wrong:
        raise config_error(
            f"{SECRET_URIS_VARIABLE} must map to http(s):// or file:// addresses",
            listed([json.dumps(name) for name in wrong]),
        )
    return uris


def resolve_secret_uris(env: Mapping[str, str], mapping: Mapping[str, str]) -> dict[str, str]:
    """Return ``env``, each ``secret://`` value replaced; ``config_error`` names those ``mapping`` lacks."""
    missing = [
        f"{name}={uri}" for name, uri in env.items() if uri.startswith(_SECRET_SCHEME) and uri not in mapping
    ]
    if missing:
        raise config_error(
            "The game needs secrets this machine does not have",
            listed(missing),
            f"set {SECRET_URIS_VARIABLE} to a JSON object that maps each to an http(s):// or file:// address",
        )
    return {name: mapping[uri] if uri.startswith(_SECRET_SCHEME) else uri for name, uri in env.items()}


def extra_ports(env: Mapping[str, str]) -> dict[int, int | None]:
    """Return the extra container ports a game wants published, each with its host port; None is any free one.

    Read from ``COWORLD_LOCAL_EXTRA_PORTS``, a comma list of ``container[:host][/tcp]``.
    """
    ports: dict[int, int | None] = {}
    text = env.get(EXTRA_PORTS_VARIABLE, "")
    for entry in text.split(",") if text.strip() else ():
        container, host = _port_entry(entry.strip())
        if container == GAME_PORT:
            raise _bad_port(entry, f"{GAME_PORT} is the game's own port")
        if container in ports or (host is not None and host in ports.values()):
            raise _bad_port(entry, "a port is named twice")
        ports[container] = host
    return ports


def _port_entry(entry: str) -> tuple[int, int | None]:
    match = _PORT_ENTRY.match(entry)
    if match is None:
        raise _bad_port(entry, "an entry is container[:host][/tcp]")
    container, host = int(match[1]), int(match[2] or 0)
    if not 1 <= container <= _PORT_MAX or host > _PORT_MAX:
        raise _bad_port(entry, f"ports go from 1 to {_PORT_MAX}")
    return container, host or None


def _bad_port(entry: str, reason: str) -> CoworldError:
    return config_error(
        f"{EXTRA_PORTS_VARIABLE} is not valid",
        f"{json.dumps(safe_line(entry, 60), ensure_ascii=False)}: {reason}",
        "correct game.runnable.env in the manifest",
    )


def _local_port_names(ports: Mapping[int, int]) -> dict[str, str]:
    if not ports:
        return {}
    names = {f"COWORLD_LOCAL_PORT_{container}": f"127.0.0.1:{host}" for container, host in ports.items()}
    table = {str(container): {"host": "127.0.0.1", "port": host} for container, host in ports.items()}
    return names | {"COWORLD_LOCAL_PORTS_JSON": json.dumps(table, separators=(",", ":"), sort_keys=True)}


def _is_secret_target(uri: object) -> bool:
    return isinstance(uri, str) and uri.startswith(_SECRET_TARGETS)
