"""``frame``: one frame of a replay, as it was recorded or as a lens shows it."""

from __future__ import annotations

import base64
import contextlib
import json
import shutil
import sys
from argparse import Namespace
from collections.abc import Iterator

from ..contract.errors import EXIT_DONE, EXIT_USAGE, CoworldError
from ..replay.scanning import frames_gone
from ..replay.source import FrameSource, Replay
from .inspect import count_until, find_replay, opened
from .output import tell, tell_bytes

_ROWS = 10_000
_SMALLEST_WIDTH = 8


def frame(options: Namespace) -> int:
    """Print a frame: its own bytes in a pipe, nothing a terminal would obey on one, or a picture of it."""
    with contextlib.closing(opened(find_replay(options.path), options)) as replay:
        source = replay.source
        try:
            is_by_index = options.tick is None
            index = _by_index(source, options.index) if is_by_index else _by_tick(source, options.tick)
            if options.text or options.lens:
                _tell_picture(replay, index, options)
            elif options.json:
                _tell(_as_json(source, index, source.payload(index)), "json")
            else:
                _tell(source.payload(index), source.kind(index))
        except OSError as error:
            raise frames_gone(error) from error
    return EXIT_DONE


def _by_index(source: FrameSource, index: int) -> int:
    """The index that is meant; negative ones count from the end."""
    count_until(source, lambda: 0 <= index < len(source))
    wanted = index + len(source) if index < 0 else index
    if 0 <= wanted < len(source):
        return wanted
    last = f"its frames are 0 to {len(source) - 1}" if len(source) else "it has no frames"
    raise _no_frame(f"there is no frame {index}", last)


def _by_tick(source: FrameSource, tick: int) -> int:
    """The first frame of a tick."""
    from ..replay.ticks import find_tick

    def is_reached() -> bool:
        last = source.tick(len(source) - 1) if len(source) else None
        return last is not None and last >= tick

    count_until(source, is_reached)
    index = find_tick(source, tick)
    if index is not None and source.tick(index) == tick:
        return index
    first, last = (source.tick(at) for at in (0, len(source) - 1)) if len(source) else (None, None)
    known = (
        f"its ticks are {first} to {last}" if first is not None and last is not None else "it has no ticks"
    )
    raise _no_frame(f"no frame has tick {tick}", known)


def _as_json(source: FrameSource, index: int, payload: bytes) -> bytes:
    """The frame as JSON on one line; what is none is described, with its bytes in base64."""
    import msgspec

    with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        msgspec.json.decode(payload, type=msgspec.Raw)
        payload.decode()  # msgspec skips strings without looking at their bytes
        return payload.replace(b"\r", b" ").replace(b"\n", b" ").strip()
    described = {
        "index": index,
        "tick": source.tick(index),
        "kind": source.kind(index),
        "bytes": len(payload),
        "base64": base64.b64encode(payload).decode(),
    }
    return json.dumps(described).encode()


def _tell(payload: bytes, kind: str) -> None:
    """Exactly the bytes in a pipe, with a newline after text; on a terminal nothing that it would obey."""
    if sys.stdout is not None and sys.stdout.isatty():
        tell_bytes("".join(f"{line}\n" for line in _harmless(payload, kind)).encode())
    elif kind == "binary":
        tell_bytes(payload)
    else:
        tell_bytes(payload.rstrip(b"\r\n") + b"\n")


def _harmless(payload: bytes, kind: str) -> Iterator[str]:
    """The frame for a terminal: text with escapes for what cannot be printed, hex for bytes; no tokens."""
    from ..replay.tokens import hide_tokens

    payload = hide_tokens(payload)
    if kind == "binary":
        from ..replay.lenses.hex import HexLines
        from ..replay.lenses.spans import text_of

        model = HexLines(payload)
        yield from text_of(model.lines(0, _ROWS)).split("\n")
        return
    text = payload.decode("utf-8", "backslashreplace")
    for line in text.split("\n"):
        yield "".join(character if character.isprintable() else _escaped(character) for character in line)


def _escaped(character: str) -> str:
    code = ord(character)
    if character == "\t":
        return "    "
    if code > 0xFFFF:
        code -= 0x10000
        return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
    return f"\\u{code:04x}"


def _tell_picture(replay: Replay, index: int, options: Namespace) -> None:
    """The frame as the best or the named lens shows it, without colours."""
    from ..replay.lenses.spans import text_of
    from ..replay.views import view_lines

    size = shutil.get_terminal_size()
    width = max(_SMALLEST_WIDTH, options.width or size.columns)
    for line in text_of(view_lines(replay, index, options.lens, width, size.lines, most=_ROWS)).split("\n"):
        tell(line)


def _no_frame(title: str, cause: str) -> CoworldError:
    return CoworldError(
        "frame_missing",
        title,
        cause=cause,
        next_step="coworld-tui inspect PATH  (says what there is)",
        exit_code=EXIT_USAGE,
    )
