"""What the commands of ``league`` that save files share."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TypeVar

from ..contract.errors import EXIT_DONE, EXIT_USAGE, CoworldError
from ..contract.measures import size_text
from ..observatory.part_file import not_saved
from ..observatory.storage import ApiFile
from ..observatory.transfer import Transfers
from .download_lines import DownloadLines
from .output import tell, tell_json

_T = TypeVar("_T")


async def save(transfers: Transfers, source: ApiFile, target: Path, options: Namespace) -> int:
    """Put a file at ``target``, in place of what is there, and say where."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise not_saved(target, error) from error
    lines = DownloadLines(quiet=options.json)
    saved = await transfers.save(source, target, replacing=True, progress=lines.file)
    if options.json:
        tell_json({"path": str(saved.path), "size": saved.size})
    else:
        tell(f"{saved.path}  {size_text(saved.size)}")
    return EXIT_DONE


def usage(title: str, next_step: str, cause: str = "") -> CoworldError:
    """The error for options that do not go together."""
    return CoworldError("invalid_request", title, cause=cause, next_step=next_step, exit_code=EXIT_USAGE)
