"""``validate``: what each contract generation refuses in a manifest, and what to change."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from ..contract.bundled import BUNDLED_NAME
from ..contract.checking import Verdict, check_manifest, refused_outright
from ..contract.errors import EXIT_DONE, EXIT_FAILED, EXIT_USAGE, CoworldError
from ..contract.findings import Finding
from ..contract.package import manifest_bytes
from ..demo import manifest_path
from .output import tell, tell_json

_MARKS = {"error": "✗", "warning": "!"}


def validate(options: Namespace) -> int:
    """Exit 1 when a manifest is refused by both generations, 2 when one cannot be read as a file."""
    code = EXIT_DONE
    for manifest in options.manifests:
        readable, verdict = _verdict(manifest)
        if options.json:
            tell_json(
                {
                    "manifest": manifest,
                    "ok": verdict.ok,
                    "accepted_by": verdict.accepted_by,
                    "findings": [finding.as_dict() for finding in verdict.findings],
                }
            )
        else:
            _tell(manifest, verdict)
        if not readable:
            code = EXIT_USAGE
        elif not verdict.ok and code == EXIT_DONE:
            code = EXIT_FAILED
    return code


def _verdict(manifest: str) -> tuple[bool, Verdict]:
    """Whether the manifest is there to be read, and the verdict on it."""
    path = Path(manifest)
    if manifest == BUNDLED_NAME and not path.exists():
        path = manifest_path()
    try:
        _, data = manifest_bytes(path)
    except CoworldError as error:
        return False, refused_outright(f"{error.next_step}: {error.cause}")
    return True, check_manifest(data)


def _tell(manifest: str, verdict: Verdict) -> None:
    marks = "  ".join(
        f"{generation} {'✓' if accepted else '✗'}" for generation, accepted in verdict.accepted_by.items()
    )
    tell(f"{marks}  {manifest}")
    for finding in verdict.findings:
        tell(f"  {_MARKS[finding.severity]} {_sentence(finding)}")


def _sentence(finding: Finding) -> str:
    who = f" ({', '.join(finding.generations)})"
    return f"{finding.where}: {finding.message}{who}" if finding.where else f"{finding.message}{who}"
