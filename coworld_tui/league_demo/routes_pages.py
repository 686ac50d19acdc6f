"""Where the real server has web pages: a page that says there are none here."""

from __future__ import annotations

from .wire import Asked, Reply, Route

_PAGE = b"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>A league on this machine</title>
<p>This league lives in <code>coworld-tui league --demo</code>. A hosted one has a page here.</p>
</html>
"""


def page(asked: Asked) -> Reply:
    """The same for all."""
    return Reply(_PAGE, media_type="text/html")


ROUTES: tuple[Route, ...] = tuple(
    Route("GET", path, page, open=True, outside=True)
    for path in (
        "/watch",
        "/policies/versions/{policy_version_id}",
        "/live/{episode}",
        "/observatory/{rest:path}",
    )
)
