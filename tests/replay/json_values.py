"""Frames as a hostile or merely odd game would send them."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st

unhurried = settings(deadline=None)
"""For property tests: the machine may be busy with something else."""

texts = st.text(max_size=12) | st.sampled_from(
    [
        "\x1b[31mred",
        "\x9b2J",
        "\x1b]0;title\x07",
        "[/b]",
        "[type=x, v={'a[0]'}]",
        "世界",
        "e\u0301",
        "\u202eabc",
    ]
)
numbers = st.integers() | st.integers(-2, 5) | st.floats() | st.just(10**400)
scalars = st.none() | st.booleans() | numbers | texts
_KEYS = (
    "width",
    "height",
    "size",
    "config",
    "board",
    "tile_owners",
    "trail",
    "positions",
    "players",
    "scores",
)
keys = texts | st.sampled_from((*_KEYS, "x", "y"))
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(keys, inner, max_size=6),
    max_leaves=40,
)
"""Any JSON value, and some that JSON would not allow: NaN, infinities, numbers no float can hold."""


@st.composite
def boards(draw: st.DrawFn) -> dict[str, object]:
    """A frame with a proper board and anything else around it."""
    width, height = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    cells = st.integers(-1, 40) | st.none() | st.sampled_from(["#", ".", "X1", "世"])
    flat = draw(st.lists(cells, min_size=width * height, max_size=width * height))
    frame = draw(st.dictionaries(keys, values, max_size=4))
    return {**frame, "width": width, "height": height, "board": flat}
