"""``export``: frames, series, the stats table, a cast or a picture of a replay as files for other tools."""

from __future__ import annotations

import contextlib
from argparse import Namespace
from pathlib import Path

from ..contract.errors import EXIT_DONE
from ..replay.exporting import Export, Written, export_replay, frames_wanted
from ..replay.paths import parse_path
from ..replay.scanning import frames_gone
from ..replay.source import Replay
from .inspect import count_all, find_replay, opened
from .output import tell, tell_json


def export(options: Namespace) -> int:
    """Write one file (or folder), whole or not at all."""
    with contextlib.closing(opened(find_replay(options.path), options)) as replay:
        try:
            count_all(replay)
            written = _svg(replay, options) if options.what == "svg" else _exported(replay, options)
        except OSError as error:
            raise frames_gone(error) from error
    if options.json:
        tell_json(
            {
                "path": str(written.path),
                "what": written.what,
                "format": written.format,
                "rows": written.rows,
            }
        )
    else:
        unit = "row" if written.what == "stats" else "frame"
        tell(f"{written.path}  {written.format}, {written.rows} {unit if written.rows == 1 else unit + 's'}")
    return EXIT_DONE


def _exported(replay: Replay, options: Namespace) -> Written:
    wanted = Export(
        what=options.what,
        output=Path(options.output),
        first=options.first,
        last=options.last,
        lens=options.lens,
        width=options.width,
        height=options.height,
        speed=options.speed,
        paths=tuple(parse_path(text) for text in options.value_path),
        force=options.force,
    )
    return export_replay(replay, wanted)


def _svg(replay: Replay, options: Namespace) -> Written:
    """A picture of one frame. It takes rich, which the core does without."""
    from ..replay.export import new_file
    from ..replay.views import views
    from ..widgets.pictures import svg_of

    frames = frames_wanted(replay.source, options.first, options.last)
    ((_, lines),) = views(replay, frames[:1], options.lens, options.width, options.height, 1.0)
    output = Path(options.output)
    with new_file(output, force=options.force) as stream:
        stream.write(svg_of(lines, options.width, replay.game or replay.path.name).encode())
    return Written(output, options.what, "svg", 1)
