"""Outside bytes: random ones, JSON ones, and real documents with one thing wrong."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import strategies as st

_SCALARS: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("\ud800")
)
JSON_VALUES: st.SearchStrategy[Any] = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def _damaged(draw: st.DrawFn, document: Any) -> bytes:
    """``document`` with one place replaced, removed or added to."""
    document = copy.deepcopy(document)
    place: Any = document
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            return json.dumps(document).encode()
        key = draw(st.sampled_from(keys))
        if isinstance(place[key], dict | list) and draw(st.integers(0, 3)):
            place = place[key]
            continue
        action = draw(st.sampled_from(["replace", "remove", "add"]))
        if action == "remove":
            del place[key]
        elif action == "add" and isinstance(place, dict):
            place[draw(st.text(max_size=8))] = draw(JSON_VALUES)
        else:
            place[key] = draw(JSON_VALUES)
        return json.dumps(document).encode()


def outside_bytes(document: Any) -> st.SearchStrategy[bytes]:
    """Anything that might be found where ``document`` is expected."""
    return (
        st.binary(max_size=60)
        | JSON_VALUES.map(lambda value: json.dumps(value).encode())
        | _damaged(document)
        | st.tuples(_damaged(document), st.integers(0, 2000)).map(lambda cut: cut[0][: cut[1]])
    )
