"""Evidence of episodes in a folder, each file with its receipt, as the real client keeps it (hosted.md 4.4).

A file is at ``<sha256 of artifact_id:version>/<filename>`` with ``download.json`` beside it; what became of
each is a line of ``manifest.jsonl``, to which every run adds.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from ..contract.errors import CoworldError
from ..replay.downloads import RECEIPTS
from ..replay.folders import RECEIPT
from ..runs.directory import replacing
from .experience import IDS_LIMIT, selection
from .models.artifacts import DownloadEntry, DownloadPage
from .part_file import not_saved
from .reading import as_model
from .refusals import Refusal, bad_answer
from .transfer import Expected, Transfers, all_of

CATEGORIES = ("results", "replay", "events", "error_info", "game_logs", "player_logs", "player_artifact")

_PAGE = 200
_PATH = "/v2/episode-requests/download-manifest"
_RECEIPT_LIMIT = 64 * 1024
_NAME_BYTES = 200  # its part has a longer name
_OUTDATED = frozenset({403, 404, 412})
_INCOMPLETE = frozenset({"pending", "unavailable", "failed"})


@dataclass(frozen=True)
class Receipt:
    """What became of a file: ``path`` is relative to the folder, ``size`` in bytes as it is kept.

    ``state``: completed, pending, not_produced, unavailable or failed.
    """

    episode_request_id: str
    artifact_id: str
    version: str | None
    filename: str
    encoding: str
    state: str
    path: str | None = None
    size: int | None = None
    sha256: str | None = None
    http_status: int | None = None

    def as_document(self) -> dict[str, Any]:
        """As a line of ``manifest.jsonl`` has it."""
        return {"kind": "artifact", **asdict(self)}


@dataclass(frozen=True)
class Collected:
    """What became of all: ``unavailable`` are ids that cannot be had. Not all of it may be there yet."""

    receipts: list[Receipt] = field(default_factory=list)
    unavailable: list[str] = field(default_factory=list)

    @property
    def is_complete(self) -> bool:
        """Nothing is pending, unavailable or failed."""
        return not self.unavailable and not any(each.state in _INCOMPLETE for each in self.receipts)


async def download_evidence(
    transfers: Transfers,
    ids: Sequence[str],
    directory: Path,
    *,
    include: Sequence[str],
    agents: Sequence[int] | None = None,
    on_receipt: Callable[[Receipt], None] | None = None,
) -> Collected:
    """Download what ``include`` names of these episodes, or of these batches, into ``directory``.

    ``agents`` are the seats wanted, None all of those you may read. What is there and whole is not
    downloaded again. A file that fails is told, the others still come. Raises what ``Reader.get`` raises,
    ``invalid_request`` for ids of several kinds, ``disk_full`` and ``output_lost``.
    """
    selected = selection(ids)
    collected = Collected()
    try:
        await asyncio.to_thread(directory.mkdir, parents=True, exist_ok=True)
        async for page in _pages(transfers, selected, include, agents):
            receipts = await _page(transfers, page, directory, include, agents)
            collected.receipts.extend(receipts)
            collected.unavailable.extend(page.unavailable_ids)
            lines = [{"kind": "selector", "id": one, "state": "unavailable"} for one in page.unavailable_ids]
            lines += [receipt.as_document() for receipt in receipts]
            await asyncio.to_thread(_append, directory / RECEIPTS, lines)
            for receipt in receipts:
                if on_receipt is not None:
                    on_receipt(receipt)
    except OSError as error:
        raise not_saved(directory, error) from error
    return collected


async def _pages(
    transfers: Transfers, ids: Sequence[str], include: Sequence[str], agents: Sequence[int] | None
) -> AsyncIterator[DownloadPage]:
    cursor: str | None = None
    seen: set[str | None] = set()
    while cursor not in seen:
        seen.add(cursor)
        params = {
            "ids": list(ids),
            "include": list(include),
            "agent": None if agents is None else [str(agent) for agent in agents],
            "limit": _PAGE,
            "cursor": cursor,
        }
        page = as_model(DownloadPage, (await transfers.client.get(_PATH, params)).data, _PATH)
        yield page
        cursor = page.next_cursor
        if cursor is None:
            return
    raise bad_answer(_PATH, "it gives the same cursor again")


async def _page(
    transfers: Transfers,
    page: DownloadPage,
    directory: Path,
    include: Sequence[str],
    agents: Sequence[int] | None,
) -> list[Receipt]:
    """The files of a page. Those whose addresses have ended are asked for once more, by new ones."""
    receipts = await _all(transfers, page.entries, directory)
    outdated = {each.artifact_id: each for each in receipts if each.http_status in _OUTDATED}
    if not outdated:
        return receipts
    episodes = sorted({each.episode_request_id for each in outdated.values()})
    again: dict[str, Receipt] = {}
    for at in range(0, len(episodes), IDS_LIMIT):
        async for fresh in _pages(transfers, episodes[at : at + IDS_LIMIT], include, agents):
            entries = [entry for entry in fresh.entries if entry.artifact_id in outdated]
            again |= {each.artifact_id: each for each in await _all(transfers, entries, directory)}
    return [again.get(each.artifact_id, each) if each.http_status in _OUTDATED else each for each in receipts]


async def _all(transfers: Transfers, entries: Sequence[DownloadEntry], directory: Path) -> list[Receipt]:
    return await all_of(_one(transfers, entry, directory) for entry in entries)


async def _one(transfers: Transfers, entry: DownloadEntry, directory: Path) -> Receipt:
    receipt = Receipt(
        entry.episode_request_id,
        entry.artifact_id,
        entry.version,
        entry.filename,
        entry.encoding,
        "failed" if entry.state == "ready" else entry.state,
    )
    if entry.state != "ready" or entry.version is None or not _is_a_name(entry.filename):
        return receipt
    key = f"{entry.artifact_id}:{entry.version}"
    folder = directory / hashlib.sha256(key.encode(errors="replace")).hexdigest()
    target = folder / entry.filename
    if (known := await asyncio.to_thread(_known, directory, target, entry)) is not None:
        return known
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    try:
        if entry.inline_json is not None:
            await asyncio.to_thread(_write, target, json.dumps(entry.inline_json, sort_keys=True).encode())
        elif entry.url is not None and entry.size is not None:
            await transfers.save(
                entry.url,
                target,
                expected=Expected(size=entry.size, etag=entry.etag),
                unpack=False,
                replacing=True,
            )
        else:
            return receipt
    except Refusal as error:
        return replace(receipt, http_status=error.status)
    except CoworldError as error:
        if error.type in ("disk_full", "output_lost"):
            raise
        return receipt
    return await asyncio.to_thread(_completed, receipt, directory, target)


def _completed(receipt: Receipt, directory: Path, target: Path) -> Receipt:
    with target.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    receipt = replace(
        receipt,
        state="completed",
        path=str(target.relative_to(directory)),
        size=target.stat().st_size,
        sha256=digest,
    )
    _write(target.parent / RECEIPT, _line(receipt.as_document()))
    return receipt


def _known(directory: Path, target: Path, entry: DownloadEntry) -> Receipt | None:
    """The receipt of a file that is there, and is still what the receipt says."""
    try:
        with (target.parent / RECEIPT).open("rb") as stream:
            fields = json.loads(stream.read(_RECEIPT_LIMIT))
        fields.pop("kind", None)
        receipt = Receipt(**fields)
        with target.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
            size = stream.tell()
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return None
    said = (
        receipt.artifact_id,
        receipt.version,
        receipt.filename,
        receipt.path,
        receipt.sha256,
        receipt.size,
    )
    path = str(target.relative_to(directory))
    true = (entry.artifact_id, entry.version, entry.filename, path, digest, size)
    return receipt if said == true else None


def _is_a_name(text: str) -> bool:
    """Whether it is one step of a path, and no way out of the folder."""
    if text in ("", ".", "..", RECEIPT) or Path(text).name != text or "\0" in text:
        return False
    try:
        return len(text.encode()) <= _NAME_BYTES
    except UnicodeEncodeError:
        return False


def _write(path: Path, data: bytes) -> None:
    with replacing(path) as stream:
        stream.write(data)


def _append(path: Path, documents: Sequence[dict[str, Any]]) -> None:
    with path.open("ab") as stream:
        for document in documents:
            stream.write(_line(document) + b"\n")


def _line(document: dict[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode(errors="replace")
