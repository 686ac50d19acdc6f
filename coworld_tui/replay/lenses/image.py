"""The image lens: pictures as half blocks, two pixels to a cell."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any

from .boards import is_picture
from .model import FixedLines, FrameView, LineModel
from .spans import HALF_BLOCK, Line, Span, clip

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_ENCODED = 16 << 20
MAX_SIDE = 4_096

_MAX_DEPTH = 5
_MAX_OBJECTS = 200
_MAX_MEMBERS = 200
_SHORT_LIST = 8
_FEWEST_CHARACTERS = 32
_FORMATS = {
    "PNG": b"\x89PNG\r\n\x1a\n",
    "JPEG": b"\xff\xd8\xff",
    "GIF": b"GIF8",
    "BMP": b"BM",
    "WEBP": b"RIFF",
}
_BASE64 = ("iVBORw0KGgo", "/9j/", "R0lGOD", "UklGR")
_DATA_URI = re.compile(r"data:image/[\w.+-]{1,40};base64,")


Picture = bytes | str | Sequence[Any]
"""A picture as it is in a frame: encoded bytes, base64 text, or rows of pixels."""


class ImageLens:
    """The picture a game draws of itself."""

    name = "image"

    def fits(self, view: FrameView) -> bool:
        """Whether the frame is or holds a picture."""
        return _found_in(view) is not None

    def model(self, view: FrameView, width: int, height: int) -> LineModel:
        """The picture as large as fits, or a line saying why it cannot be shown."""
        found = _found_in(view)
        try:
            if found is None:
                raise ValueError("there is no picture in this frame")
            return FixedLines(_half_blocks(_decoded(found), width, height))
        except Exception as error:
            # Decoders raise whatever the bytes lead them to.
            words = str(error) if isinstance(error, ValueError) else "it is damaged"
            return FixedLines([clip((Span(f"this picture cannot be shown: {words}", "warning"),), width)])


def _found_in(view: FrameView) -> Picture | None:
    if "picture" not in view.found:
        view.found["picture"] = next(_pictures(view.decoded), None)
    found: Picture | None = view.found["picture"]
    return found


def _pictures(frame: object) -> Iterator[Picture]:
    """The pictures of a frame, outermost first."""
    if isinstance(frame, bytes):
        if _is_encoded(frame):
            yield frame
        return
    level: list[object] = [frame]
    seen = 0
    for _ in range(_MAX_DEPTH):
        below: list[object] = []
        for value in level:
            seen += 1
            if seen > _MAX_OBJECTS:
                return
            if isinstance(value, str | list) and _is_picture(value):
                yield value
            elif isinstance(value, Mapping):
                members = islice(value.values(), _MAX_MEMBERS)
                below += [child for child in members if isinstance(child, str | list | Mapping)]
            elif isinstance(value, list) and len(value) <= _SHORT_LIST:
                below += [child for child in value if isinstance(child, str | Mapping)]
        level = below


def _is_encoded(data: bytes) -> bool:
    return any(data.startswith(magic) for magic in _FORMATS.values())


def _is_picture(value: str | list[Any]) -> bool:
    if isinstance(value, str):
        return _is_base64(value)
    return bool(value) and isinstance(value[0], list) and is_picture(value)


def _is_base64(text: str) -> bool:
    return len(text) >= _FEWEST_CHARACTERS and (text.startswith(_BASE64) or bool(_DATA_URI.match(text)))


def _decoded(data: Picture) -> Image:
    """The picture itself. ValueError with a plain reason; any other error when it is damaged."""
    from PIL import Image

    if isinstance(data, str):
        if len(data) > MAX_ENCODED:
            raise ValueError(f"it is larger than {MAX_ENCODED >> 20} MiB")
        start = _DATA_URI.match(data)
        try:
            data = base64.b64decode(data[start.end() if start else 0 :])
        except binascii.Error:
            raise ValueError("it is not base64") from None
    if not isinstance(data, bytes):
        return _from_pixels(data)
    if len(data) > MAX_ENCODED:
        raise ValueError(f"it is larger than {MAX_ENCODED >> 20} MiB")
    return _opened(data, Image)


def _opened(data: bytes, pillow: Any) -> Image:
    """Decode a picture whose header promises a bearable size."""
    import io
    import warnings

    # Printed, a warning of a huge picture would be written over the screen.
    warnings.filterwarnings("error", category=pillow.DecompressionBombWarning)
    image: Image = pillow.open(io.BytesIO(data), formats=tuple(_FORMATS))
    if max(image.size) > MAX_SIDE:
        raise ValueError(f"{image.width} x {image.height} pixels are more than {MAX_SIDE} x {MAX_SIDE}")
    if image.mode != "RGB":
        ground = pillow.new("RGBA", image.size, (0, 0, 0, 255))
        ground.alpha_composite(image.convert("RGBA"))
        return ground.convert("RGB")  # type: ignore[no-any-return]
    image.load()
    return image


def _from_pixels(rows: Sequence[Any]) -> Image:
    from PIL import Image

    height, width = len(rows), len(rows[0])
    if max(width, height) > MAX_SIDE or width * height > MAX_ENCODED // 3:
        raise ValueError(f"{width} x {height} pixels are too many")
    if any(len(row) != width for row in rows):
        raise ValueError("its rows differ in length")
    if not all(isinstance(pixel, list) and len(pixel) == 3 for row in rows for pixel in row):
        raise ValueError("a pixel is not red, green and blue")
    try:
        data = bytes(part for row in rows for pixel in row for part in pixel)
    except (TypeError, ValueError):
        raise ValueError("a pixel is not red, green and blue") from None
    return Image.frombytes("RGB", (width, height), data)


def _half_blocks(image: Image, width: int, height: int) -> list[Line]:
    """Draw a picture within ``width`` columns and ``height`` rows, small ones enlarged by whole numbers."""
    from PIL import Image

    scale = min(max(1, width) / image.width, 2 * max(1, height) / image.height)
    scale = int(scale) if scale >= 1 else scale
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    small = image.resize(size, Image.Resampling.NEAREST if scale >= 1 else Image.Resampling.BOX)
    columns, rows = small.size
    data = small.tobytes().hex().upper()
    every = [data[at : at + 6] for at in range(0, len(data), 6)]
    pixels = [every[y * columns : (y + 1) * columns] for y in range(rows)]
    return [_line(pixels[y], pixels[y + 1] if y + 1 < rows else None) for y in range(0, rows, 2)]


def _line(upper: Sequence[str], lower: Sequence[str] | None) -> Line:
    if lower is None:
        styles = [f"rgb.{above}" for above in upper]
    else:
        styles = [f"rgb.{above}.{below}" for above, below in zip(upper, lower, strict=True)]
    return tuple(Span(HALF_BLOCK * len(list(run)), style) for style, run in groupby(styles))
