"""Lines as an SVG picture that looks like a terminal and loads nothing from anywhere."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable

from ..contract.text import safe_line
from ..replay.ansi import ansi_line
from ..replay.lenses.spans import Line

_FONT_FACE = re.compile(r"@font-face\s*\{\{.*?\}\}\s*", re.DOTALL)


def svg_of(lines: Iterable[Line], width: int, title: str) -> str:
    """The picture of some lines, ``width`` cells wide, under a title bar."""
    from rich._export_format import CONSOLE_SVG_FORMAT
    from rich.console import Console
    from rich.text import Text

    console = Console(
        record=True,
        width=width,
        file=io.StringIO(),
        force_terminal=True,
        color_system="256",
        legacy_windows=False,
    )
    for line in lines:
        console.print(Text.from_ansi(ansi_line(line)), no_wrap=True, crop=True, highlight=False)
    without_fonts = _FONT_FACE.sub("", CONSOLE_SVG_FORMAT)
    return console.export_svg(title=safe_line(title, 80), code_format=without_fonts)
