"""Pictures: found in any wrapping, drawn as half blocks, never larger than is bearable."""

from __future__ import annotations

import base64
import io
import struct
import subprocess
import sys
import warnings
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from coworld_tui.replay.lenses.image import MAX_ENCODED, MAX_SIDE, ImageLens
from coworld_tui.replay.lenses.model import FrameView
from coworld_tui.replay.lenses.spans import Line, Span, line_width, rgb_of, text_of

from .json_values import unhurried

FORMATS = ["PNG", "JPEG", "GIF", "BMP", "WEBP"]


def picture(width: int = 4, height: int = 4, mode: str = "RGB") -> Image.Image:
    """White above black."""
    image = Image.new(mode, (width, height), 0)
    image.paste(255 if mode == "L" else (255,) * len(image.getbands()), (0, 0, width, height // 2))
    return image


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def drawn(frame: object, width: int = 8, height: int = 4) -> list[Line]:
    view = FrameView(b"", "json", frame)
    assert ImageLens().fits(view)
    model = ImageLens().model(view, width, height)
    return model.lines(0, model.row_count)


def message(frame: object) -> str:
    (line,) = drawn(frame, 120)
    return text_of([line])


def test_two_pixels_to_a_cell_and_neighbours_together() -> None:
    image = Image.new("RGB", (3, 2), "#102030")
    image.putpixel((2, 1), (255, 0, 0))
    assert drawn(encoded(image), 3, 1) == [
        (Span("▀▀", "rgb.102030.102030"), Span("▀", "rgb.102030.FF0000")),
    ]


def test_an_odd_last_row_has_no_lower_pixel() -> None:
    assert drawn(encoded(Image.new("RGB", (2, 1), "#FFFFFF")), 3, 1) == [(Span("▀▀", "rgb.FFFFFF"),)]


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format(kind: str) -> None:
    assert text_of(drawn(encoded(picture(16, 16), kind), 8, 4)) == "████████\n████████\n\n"


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "LA", "CMYK", "I;16"])
def test_every_mode(mode: str) -> None:
    image = picture(8, 8).convert("L" if mode == "I;16" else mode)
    data = encoded(image.convert("I;16") if mode == "I;16" else image, "TIFF" if mode == "CMYK" else "PNG")
    if mode == "CMYK":
        data = encoded(image, "JPEG")
    assert len(drawn(data, 8, 4)) == 4


def test_what_is_transparent_is_black() -> None:
    image = Image.new("RGBA", (2, 2), (255, 255, 255, 0))
    assert drawn(encoded(image), 2, 1) == [(Span("▀▀", "rgb.000000.000000"),)]


def test_small_pictures_are_enlarged_by_whole_numbers_and_large_ones_reduced() -> None:
    small = drawn(encoded(picture(4, 4)), 11, 20)
    assert (line_width(small[0]), len(small)) == (8, 4)
    large = drawn(encoded(picture(400, 200)), 40, 20)
    assert (line_width(large[0]), len(large)) == (40, 10)
    narrow = drawn(encoded(picture(1, 4_000)), 40, 20)
    assert (line_width(narrow[0]), len(narrow)) == (1, 20)


PNG = encoded(picture(8, 8))
TEXT = base64.b64encode(PNG).decode()


@pytest.mark.parametrize(
    "frame",
    [
        PNG,
        TEXT,
        "data:image/png;base64," + TEXT,
        {"tick": 3, "screen": TEXT},
        {"observation": {"views": [{"name": "top", "data": "data:image/png;base64," + TEXT}]}},
        [{"observation": {"image": TEXT}}],
        {"rgb": [[[255, 255, 255]] * 8] * 4 + [[[0, 0, 0]] * 8] * 4},
    ],
)
def test_in_any_wrapping(frame: object) -> None:
    assert drawn(frame, 8, 4) == drawn(PNG, 8, 4)


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"\0\1",
        b"BAD",
        "iVBOR",
        "prose",
        {"a": [1, 2]},
        {"board": [[[1, 0, 2]] * 8] * 8},
        {"rgb": [[[300] * 3] * 9] * 9},
    ],
)
def test_what_is_no_picture(frame: object) -> None:
    view = FrameView(b"", "json", frame)
    assert not ImageLens().fits(view) or frame == b"BAD"


def test_without_colour_a_picture_is_shades_of_its_brightness() -> None:
    image = Image.new("RGB", (4, 2))
    for x, grey in enumerate((0, 60, 130, 255)):
        image.paste((grey, grey, grey), (x, 0, x + 1, 2))
    assert text_of(drawn(encoded(image), 4, 1)) == " ░▒█"
    assert text_of([(Span("▀", "rgb.zz"), Span("▀", "good"), Span("▀", "rgb.FFFFFF"))]) == "▀▀▒"


def test_tokens_of_colours() -> None:
    assert rgb_of("rgb.A0b1C2") == ("A0b1C2", None)
    assert rgb_of("rgb.A0b1C2.000000") == ("A0b1C2", "000000")
    assert rgb_of("rgb.A0b1C") is rgb_of("tile.3") is rgb_of("rgb.A0b1C2.0") is None


# -- bad input ---------------------------------------------------------------------------------


def huge(width: int, height: int) -> bytes:
    """A PNG that promises a size and holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("size", [(MAX_SIDE + 1, 1), (1, 1_000_000), (10_000, 10_000), (60_000, 60_000)])
def test_pictures_of_unbearable_size_are_refused_without_a_warning(size: tuple[int, int]) -> None:
    with warnings.catch_warnings(record=True) as caught:
        said = message(huge(*size))
    assert said.startswith("this picture cannot be shown: ")
    assert not caught


def test_what_is_wrong_is_said() -> None:
    assert message(huge(5_000, 10)).endswith("5000 x 10 pixels are more than 4096 x 4096")
    assert message(PNG[:45]).startswith("this picture cannot be shown: ")
    assert message("data:image/png;base64," + "!" * 40).startswith("this picture cannot be shown: ")
    assert message("/9j/" + "A" * MAX_ENCODED).endswith("it is larger than 16 MiB")
    assert message(PNG + bytes(MAX_ENCODED)).endswith("it is larger than 16 MiB")
    assert message({"rgb": [[[9, 9, 90]] * 9] * 8 + [[[9, 9, 90]] * 3]}).endswith("its rows differ in length")
    for pixel in ([9, 9, 900], [9, 9], "red", 7):
        rows: list[list[Any]] = [[[9, 9, 90]] * 40 for _ in range(40)]
        rows[1][1] = pixel
        assert message({"rgb": rows}).endswith("a pixel is not red, green and blue")


def test_every_cut_of_every_format_is_survived() -> None:
    for kind in FORMATS:
        data = encoded(picture(12, 12), kind)
        for end in range(8, len(data), max(1, len(data) // 25)):
            assert drawn(data[:end])


@unhurried
@given(
    st.sampled_from(FORMATS),
    st.lists(st.tuples(st.integers(0, 500), st.integers(0, 255)), max_size=6),
    st.integers(-1, 30),
    st.integers(-1, 30),
)
def test_damaged_pictures_stay_within_their_room(
    kind: str, damage: list[tuple[int, int]], width: int, height: int
) -> None:
    data = bytearray(encoded(picture(10, 6), kind))
    for at, byte in damage:
        data[at % len(data)] = byte
    view = FrameView(b"", "binary", bytes(data))
    if ImageLens().fits(view):
        lines = ImageLens().model(view, width, height).lines(0, 100)
        assert all(line_width(line) <= max(1, width) for line in lines)
        assert len(lines) <= max(1, height)


def test_the_decoder_is_loaded_only_for_a_picture() -> None:
    code = (
        "import sys\n"
        "from coworld_tui.replay.lenses.model import FrameView\n"
        "from coworld_tui.replay.lenses.registry import lenses_for\n"
        "lenses_for(FrameView(b'', 'json', {'a': 1}))\n"
        "assert not {'PIL', 'numpy', 'textual', 'rich'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
