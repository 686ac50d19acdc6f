"""Building the tab of a package that is to be shown. Everything here may read the disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ...replay.lenses.spans import Line
from .model import ImageFact, PackageTab

if TYPE_CHECKING:
    from ...contract.checking import Verdict
    from ...contract.errors import CoworldError
    from ...runs.doc_cache import FetchedDocument
    from ..packages import Found

TABS = ("overview", "variants", "roles", "docs", "schemas", "findings", "runs")
_RUNS_SHOWN = 200
_RUNS_ON_OVERVIEW = 5


@dataclass(frozen=True)
class ProblemTab:
    """Why a manifest could not be read."""

    found: Found
    rows: None = None

    def lines(self, row: int, width: int) -> Sequence[Line]:
        """What is wrong, and what to do."""
        from .overview import problem_lines

        del row
        return problem_lines(self.found, width)


def build_tab(
    name: str,
    found: Found,
    images: Mapping[str, ImageFact | None],
    fetched: Mapping[str, FetchedDocument | CoworldError],
    *,
    is_raw: bool = False,
) -> PackageTab:
    """The tab ``name`` of a package. ``fetched`` is for the documents, ``is_raw`` for the schemas."""
    from ...runs.index import newest_runs

    if name == "findings":
        from .findings import FindingsTab

        return FindingsTab(verdict_of(found))
    package = found.package
    if package is None:
        return ProblemTab(found)
    match name:
        case "variants":
            from .variants import VariantsTab

            return VariantsTab(package)
        case "roles":
            from .roles import RolesTab

            return RolesTab(package, images)
        case "docs":
            from .docs import DocsTab

            return DocsTab(package, fetched)
        case "schemas":
            from .schemas import SchemasTab

            return SchemasTab(package, is_raw)
        case "runs":
            from .runs import RunsTab

            return RunsTab(list(newest_runs(_RUNS_SHOWN, f"{package.name}:")))
    from .overview import OverviewTab

    return OverviewTab(package, images, list(newest_runs(_RUNS_ON_OVERVIEW, f"{package.name}:")))


def verdict_of(found: Found) -> Verdict:
    """What the strict readers say of a manifest, also of one that cannot be shown otherwise."""
    from ...contract.checking import check_manifest, check_raw, refused_outright
    from ...contract.errors import CoworldError
    from ...contract.package import manifest_bytes

    if found.package is not None:
        return check_raw(found.package.raw)
    try:
        return check_manifest(manifest_bytes(Path(found.source))[1])
    except CoworldError as error:
        return refused_outright(error.cause or error.title)
