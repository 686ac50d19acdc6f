"""Writing an episode as one zip for others: the bundle of local.md section 6, of either generation."""

from __future__ import annotations

import contextlib
import json
import tempfile
import zipfile
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

from ..contract.errors import EXIT_USAGE, CoworldError
from ..contract.generations import Generation, replay_filename
from ..contract.problems import listed
from ..contract.text import safe_line
from .blob import DEFAULT_INFLATED_LIMIT, reason_of
from .episode_files import EpisodeFiles, open_episode
from .export import new_file
from .folders import BUNDLE_MANIFEST
from .hiding import Pieces, Secrets, Span
from .indexed_file import IndexedFile
from .metadata import parsed_object
from .named_secrets import secrets_in_bytes

TOKENS: dict[Generation, tuple[str, ...]] = {
    "0.1.11": ("results", "replay", "config", "error_info", "game_logs", "player_logs"),
    "0.1.64": ("results", "replay", "error_info", "game_logs", "player_logs", "player_artifact"),
}
"""What a bundle may hold, by generation."""

_PIECE = 1 << 20
_DOCUMENT_LIMIT = 64 << 20
_ARTIFACT_LIMIT = 1 << 30


@dataclass(frozen=True)
class BundleOptions:
    """``generation`` None: the source's own. ``include`` None: all there is. ``raw`` keeps every secret."""

    generation: Generation | None = None
    include: tuple[str, ...] | None = None
    raw: bool = False
    force: bool = False


@dataclass(frozen=True)
class Bundled:
    """A written bundle: ``files`` is what its manifest says, ``problems`` what had to be left out."""

    path: Path
    generation: Generation
    include: tuple[str, ...]
    files: dict[str, Any]
    problems: tuple[str, ...]


class BundlingStoppedError(Exception):
    """Somebody does not want the bundle any more. Nothing was written."""


def write_bundle(
    source: Path,
    output: Path,
    options: BundleOptions | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> Bundled:
    """Write the episode at ``source`` to the zip ``output``, whole or not at all; memory stays flat.

    Compressed replays are inflated, to 1 GiB at most. Tokens and secrets are replaced unless
    ``options.raw``. CoworldError: what ``open_episode`` and ``new_file`` raise, and ``include_unknown``,
    ``replay_unreadable``, ``bundle_empty`` (exit 2).
    """
    options = options or BundleOptions()
    with contextlib.closing(open_episode(source)) as episode:
        generation = options.generation or episode.generation
        include = _wanted(options.include, generation)
        hidden = None if options.raw else _hidden_in(episode, stopped)
        with new_file(output, force=options.force) as stream:
            writer = _Writer(episode, generation, hidden, stopped)
            return writer.write(stream, output, include)


def _wanted(include: tuple[str, ...] | None, generation: Generation) -> tuple[str, ...]:
    """The tokens asked for in the order of the generation, which may know only some of them."""
    tokens = TOKENS[generation]
    if include is None:
        return tokens
    known = {token for each in TOKENS.values() for token in each}
    unknown = [token for token in include if token not in known]
    if unknown or not include:
        raise CoworldError(
            "include_unknown",
            f"a bundle holds no {listed(unknown)}" if unknown else "--include names nothing",
            next_step=f"choose among {', '.join(tokens)}",
            exit_code=EXIT_USAGE,
        )
    return tuple(token for token in tokens if token in include)


@dataclass
class _Hidden:
    """What is to be replaced, and where in the replay its frames are."""

    secrets: Secrets = field(default_factory=Secrets)
    frames: Span = (0, 0)


class _Writer:
    """Fills one zip."""

    _zip: zipfile.ZipFile

    def __init__(
        self,
        episode: EpisodeFiles,
        generation: Generation,
        hidden: _Hidden | None,
        stopped: Callable[[], bool],
    ) -> None:
        self._episode = episode
        self._generation = generation
        self._stopped = stopped
        self._hidden = hidden
        self._secrets = hidden.secrets if hidden is not None else None
        self._problems = list(episode.problems)

    def write(self, stream: BinaryIO, output: Path, include: tuple[str, ...]) -> Bundled:
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as self._zip:
            parts: dict[str, Callable[[], Any]] = {
                "results": self._results,
                "replay": self._replay,
                "config": self._config,
                "error_info": self._error_info,
                "game_logs": self._game_logs,
                "player_logs": self._player_logs,
                "player_artifact": self._artifacts,
            }
            written = {token: self._part(token, include, parts[token]) for token in include}
            files = {token: entries for token, entries in written.items() if entries}
            if not files:
                raise CoworldError(
                    "bundle_empty",
                    "nothing of what is to be in the bundle is there",
                    cause=f"looked for {', '.join(include)}" if include else "another generation's parts",
                    next_step="leave --include out to take all there is",
                    exit_code=EXIT_USAGE,
                )
            status = "failed" if self._episode.has_failed else "success"
            manifest = {
                "ereq_id": self._episode.episode,
                "status": status,
                "include": list(files),
                "files": files,
            }
            self._add(BUNDLE_MANIFEST, [json.dumps(manifest, indent=2).encode() + b"\n"])
        return Bundled(output, self._generation, tuple(files), files, tuple(self._problems))

    def _part(self, token: str, include: tuple[str, ...], write: Callable[[], Any]) -> Any:
        """One part. When it cannot be read, the error names the others to include."""
        try:
            return write()
        except CoworldError as error:
            failure = error
        except OSError as error:
            if error.filename is not None or error.errno is not None:
                raise
            failure = _unreadable(token.replace("_", " "), reason_of(error))
        others = [each for each in include if each != token]
        others = others or [each for each in TOKENS[self._generation] if each != token]
        failure.next_step = f"leave it out: --include {','.join(others)}"
        raise failure

    def _results(self) -> str:
        return self._document(self._episode.parts.results, "results.json")

    def _config(self) -> str:
        return self._document(self._episode.parts.config, "config.json", is_config=True)

    def _error_info(self) -> str:
        name = "error_info.json"
        if self._episode.parts.error_info:
            return self._document(self._episode.parts.error_info, name)
        if (error := _run_error(self._episode)) is None:
            return ""
        data = json.dumps(error, indent=2).encode()
        self._add(name, [data if self._secrets is None else self._secrets.document(data)])
        return name

    def _replay(self) -> str:
        if not self._episode.parts.replay:
            return ""
        pieces = self._pieces(self._episode.parts.replay)
        name = replay_filename(self._generation)
        hidden = self._hidden
        self._add(name, pieces if hidden is None else hidden.secrets.replay(pieces, hidden.frames))
        return name

    def _game_logs(self) -> dict[str, str]:
        names = [name for who, name in self._episode.parts.logs.items() if who.partition(" ")[0] == "game"]
        if not names:
            return {}
        if self._generation == "0.1.64":
            self._add("logs/game.log", (piece for name in names for piece in self._log(name)))
            return {"combined": "logs/game.log"}
        streams: dict[str, str] = {}
        for name in names:
            stream = "stderr" if "stderr" in name.rpartition("/")[2] else "stdout"
            if stream not in streams:
                streams[stream] = f"logs/game.{stream}.log"
                self._add(streams[stream], self._log(name))
        return streams

    def _player_logs(self) -> dict[str, str]:
        written: dict[str, str] = {}
        for who, name in self._episode.parts.logs.items():
            slot = who.removeprefix("player ")
            if slot != who and slot.isdecimal():
                written[slot] = f"logs/policy_agent_{slot}.log"
                self._add(written[slot], self._log(name))
        return written

    def _artifacts(self) -> dict[str, str]:
        written: dict[str, str] = {}
        for at, (key, name) in enumerate(self._episode.artifacts.items()):
            entry = f"artifacts/policy_artifact_{key if key.isdecimal() else at}.zip"
            with tempfile.NamedTemporaryFile() as copy:
                for piece in self._pieces(name):
                    copy.write(piece)
                copy.flush()
                if self._secrets is None:
                    self._add(entry, _pieces_of(Path(copy.name)))
                elif not self._without_secrets(Path(copy.name), entry, self._secrets):
                    self._problems.append(
                        f"{safe_line(name, 80)} is left out: no zip that can be looked into"
                    )
                    continue
            written[key] = entry
        return written

    def _without_secrets(self, path: Path, entry: str, secrets: Secrets) -> bool:
        """Pack a player's zip anew, its files looked through; False when it cannot be read."""
        from .archive import Archive

        try:
            with contextlib.closing(Archive(path)) as archive, tempfile.NamedTemporaryFile() as copy:
                if sum(archive.sizes.values()) > _ARTIFACT_LIMIT:
                    return False
                with zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED) as packed:
                    for name in archive.entries:
                        with archive.open(name) as reading, packed.open(_info(name), "w") as writing:
                            for piece in secrets.file(iter(lambda: reading.read(_PIECE), b"")):
                                self._go_on()
                                writing.write(piece)
                copy.flush()
                self._add(entry, _pieces_of(Path(copy.name)))
        except (CoworldError, OSError, zipfile.BadZipFile):
            return False
        return True

    def _document(self, name: str, entry: str, *, is_config: bool = False) -> str:
        if not name:
            return ""
        data = b"".join(self._pieces(name, _DOCUMENT_LIMIT))
        if self._secrets is not None:
            data = self._secrets.document(data, is_config=is_config)
        self._add(entry, [data])
        return entry

    def _log(self, name: str) -> Pieces:
        pieces = self._pieces(name)
        return pieces if self._secrets is None else self._secrets.log(pieces)

    def _pieces(self, name: str, limit: int = DEFAULT_INFLATED_LIMIT) -> Iterator[bytes]:
        for piece in _inflated(self._episode, name, limit):
            self._go_on()
            yield piece

    def _add(self, name: str, pieces: Pieces) -> None:
        with self._zip.open(_info(name), "w", force_zip64=True) as writing:
            for piece in pieces:
                self._go_on()
                writing.write(piece)

    def _go_on(self) -> None:
        if self._stopped():
            raise BundlingStoppedError


def _info(name: str) -> zipfile.ZipInfo:
    """An entry without a date, so that the same episode gives the same bytes."""
    info = zipfile.ZipInfo(name)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o100644 << 16
    return info


def _hidden_in(episode: EpisodeFiles, stopped: Callable[[], bool]) -> _Hidden:
    """What the config and the replay around its frames say is secret.

    What of it cannot be read names no secrets, and is refused where it is to be written.
    """
    config: dict[str, Any] | None = None
    texts: list[str] = []
    members: dict[str, Any] = {}
    frames = (0, 0)
    if episode.parts.config:
        with contextlib.suppress(CoworldError, OSError):
            data = b"".join(_inflated(episode, episode.parts.config, _DOCUMENT_LIMIT))
            config, _ = parsed_object(data)
            texts = secrets_in_bytes(data) if config is None else []
    if episode.parts.replay:
        with contextlib.suppress(CoworldError, OSError):
            members, frames = _around_frames(episode, stopped)
    return _Hidden(Secrets(config, [members], texts), frames)


def _around_frames(episode: EpisodeFiles, stopped: Callable[[], bool]) -> tuple[dict[str, Any], Span]:
    """What the replay says around its frames, and where they are."""
    from .episode_frames import frames_of

    parts = replace(episode.parts, recording="")
    source, _ = frames_of(episode.contents, parts, DEFAULT_INFLATED_LIMIT, [], lambda: False)
    try:
        while not source.is_complete and source.advance():
            if stopped():
                raise BundlingStoppedError
        if isinstance(source, IndexedFile):
            return source.members(), source.frames_span()
        return {}, (0, 0)
    finally:
        source.close()


def _inflated(episode: EpisodeFiles, name: str, limit: int) -> Generator[bytes, None, None]:
    """The bytes of one file. CoworldError ``replay_unreadable`` when they end early or are too many."""
    shown = safe_line(name, 80)
    try:
        blob = episode.contents.blob(name, limit)
    except CoworldError as error:
        raise _unreadable(shown, error.cause or error.title) from error
    try:
        at = 0
        while at < blob.size or (not blob.is_complete and blob.advance()):
            stop = min(blob.size, at + _PIECE)
            if stop > limit:
                raise _unreadable(shown, f"it is larger than {limit >> 20} MiB")
            yield blob.read(at, stop)
            at = stop
        if blob.problems:
            raise _unreadable(shown, "; ".join(blob.problems).partition(" (--max")[0])
    finally:
        blob.close()


def _pieces_of(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while piece := stream.read(_PIECE):
            yield piece


def _run_error(episode: EpisodeFiles) -> dict[str, Any] | None:
    """What ended a failed run, in the shape of ``error_info.json`` (local.md 7.9)."""
    if episode.run is None or not episode.has_failed:
        return None
    problem = episode.run.result.get("problem")
    problem = problem if isinstance(problem, dict) else {}
    words = [problem.get(key) for key in ("title", "cause")]
    message = ": ".join(word for word in words if isinstance(word, str) and word)
    error: dict[str, Any] = {
        "error_type": str(problem.get("type") or episode.run.status),
        "message": message or f"the run ended {episode.run.status}",
    }
    slot = problem.get("slot")
    if isinstance(slot, int) and not isinstance(slot, bool):
        error["failed_policy_index"] = slot
    return error


def _unreadable(name: str, cause: str) -> CoworldError:
    return CoworldError(
        "replay_unreadable",
        f"{name} cannot be read to its end",
        cause=safe_line(cause, 300),
        exit_code=EXIT_USAGE,
    )
