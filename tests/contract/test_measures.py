"""Sizes and ages are said in the largest unit that fits."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from coworld_tui.contract.measures import age, size_text


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (1_023, "1023 B"), (1_536, "1.5 KiB"), (8 << 20, "8 MiB"), (300 << 30, "300 GiB")],
)
def test_sizes(size: int, text: str) -> None:
    assert size_text(size) == text


@pytest.mark.parametrize(
    ("then", "said"),
    [
        ("2026-11-20T11:59:30+00:00", "now"),
        ("2026-11-20T11:55:00Z", "5 m"),
        ("2026-11-20T13:00:00+04:00", "3 h"),
        ("2026-11-17T11:00:00", "3 d"),
        ("2026-11-22T11:00:00+00:00", "now"),
        ("0001-01-01T00:00:00+14:00", "739940 d"),
        ("2026-10-11", "40 d"),
        ("yesterday", ""),
        ("9" * 400, ""),
        ("", ""),
    ],
)
def test_ages(then: str, said: str) -> None:
    assert age(then, datetime(2026, 11, 20, 12, tzinfo=UTC)) == said


def test_a_moment_that_is_missing_has_no_age() -> None:
    assert age(None) == ""
