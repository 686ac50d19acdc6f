"""Sizes are said in the largest unit that fits."""

from __future__ import annotations

import pytest

from coworld_tui.contract.measures import size_text


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (1_023, "1023 B"), (1_536, "1.5 KiB"), (8 << 20, "8 MiB"), (300 << 30, "300 GiB")],
)
def test_sizes(size: int, text: str) -> None:
    assert size_text(size) == text
