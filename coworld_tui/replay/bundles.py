"""Which file of a bundle or of any archive is what: by its manifest, else by names."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..contract.errors import CoworldError
from ..contract.text import safe_line
from .folders import BUNDLE_MANIFEST
from .parts import (
    RECORDINGS,
    Contents,
    Parts,
    common_folder,
    listed_parts,
    looks_like_a_replay,
    replay_places,
    usual_parts,
)

_MANIFEST_BYTES = 16 << 20
_PROBLEM_LIMIT = 200
# What a manifest may leave out, as newer ones do the config, though it is in the bundle.
_MAY_BE_UNLISTED = ("config", "results", "error_info", "events")


@dataclass(frozen=True)
class Found:
    """The parts of an episode and what is wrong with them, a line each.

    ``replays`` is how many there are to choose from: of more than one, ``parts`` names none. ``episode``
    and ``status`` are the manifest's, safe to show.
    """

    parts: Parts
    problems: tuple[str, ...] = ()
    replays: int = 1
    episode: str = ""
    status: str = ""


def archive_parts(contents: Contents) -> Found:
    """The parts of the one episode in an archive, in which it may lie in folders of its own."""
    sizes = contents.sizes
    prefix = common_folder(sizes)
    if prefix + BUNDLE_MANIFEST in sizes:
        return bundle_parts(contents, prefix)
    usual = usual_parts(sizes, prefix)
    places = replay_places(sizes)
    recordings = [name for name in sizes if name.rpartition("/")[2] in RECORDINGS]
    recording = recordings[0] if recordings else ""
    if len(places) > 1 or (not places and len(recordings) > 1):
        return Found(replace(usual, replay="", recording=""), replays=max(len(places), len(recordings)))
    if places:
        folder, name = next(iter(places.items()))
        parts = usual_parts(sizes, "" if folder == name else folder)
        return Found(replace(parts, replay=name, recording=recording))
    if recording:
        return Found(replace(usual, recording=recording))
    likely = [name for name in sizes if looks_like_a_replay(name)] or list(sizes)
    if not likely:
        return Found(usual, ("the archive is empty",) if not contents.problems else ())
    largest = max(likely, key=sizes.__getitem__)
    guess = f"nothing is named like a replay: {safe_line(largest, 80)}, the largest, is shown"
    return Found(replace(usual, replay=largest), (guess,) if len(likely) > 1 else ())


def bundle_parts(contents: Contents, prefix: str = "") -> Found:
    """The parts by the bundle's manifest; by their names where it is broken or lists no replay.

    ``prefix`` is the folder it lies in, with its slash.
    """
    from ..contract.bundle import parse_bundle_manifest

    usual = usual_parts(contents.sizes, prefix)
    if prefix + BUNDLE_MANIFEST not in contents.sizes:
        return Found(usual)  # a link that leads outside, or no file at all
    try:
        manifest = parse_bundle_manifest(contents.file(prefix + BUNDLE_MANIFEST).read(_MANIFEST_BYTES + 1))
    except CoworldError as error:
        return Found(usual, (safe_line(error.cause, _PROBLEM_LIMIT),))
    except OSError as error:
        return Found(usual, (safe_line(f"{BUNDLE_MANIFEST} cannot be read: {error}", _PROBLEM_LIMIT),))
    parts, problems = listed_parts(manifest, prefix, contents.sizes)
    if not parts.replay and manifest.replay_url:
        problems.append("the replay is not in the bundle, which only holds a link to it")
    if not parts.replay and usual.replay:
        problems.append(f"{BUNDLE_MANIFEST} leads to no replay: {usual.replay} is taken for it")
    unlisted = {
        token: name
        for token in _MAY_BE_UNLISTED
        if token not in manifest.files and (name := getattr(usual, token))
    }
    return Found(
        replace(parts, replay=parts.replay or usual.replay, **unlisted),
        tuple(problems),
        episode=safe_line(manifest.ereq_id or manifest.episode_id or "", 80),
        status=safe_line(manifest.status, 80),
    )
