"""The columns of recorded frames, in the growing Arrow stream and in the closed Parquet file alike.

``seq`` (0-based), ``received_at`` (UTC, microseconds), ``tick`` (null when the frame has none), ``kind``
(``json``, ``text`` or ``binary``) and ``payload``.
"""

from __future__ import annotations

import pyarrow as pa

SCHEMA = pa.schema(
    [
        pa.field("seq", pa.int64(), nullable=False),
        pa.field("received_at", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("tick", pa.int64()),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("payload", pa.large_binary(), nullable=False),
    ],
    metadata={"coworld_tui.source": "live"},
)

_RECEIVED_AT = SCHEMA.get_field_index("received_at")

UNDATED_SCHEMA = SCHEMA.set(_RECEIVED_AT, SCHEMA.field(_RECEIVED_AT).with_nullable(True)).with_metadata(
    {"coworld_tui.source": "export"}
)
"""That of exported frames of which some were received by nobody: their ``received_at`` is null."""
