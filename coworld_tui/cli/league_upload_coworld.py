"""``league upload-coworld``: certify, ask, publish, and wait for what the server makes of it."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..contract.errors import EXIT_FAILED, CoworldError
from ..contract.jsontext import SIZE_LIMIT, UnreadableJson, read_json_object
from ..contract.package import Package
from ..contract.text import safe_line
from ..observatory.client import Observatory
from ..observatory.coworld_upload import UploadPlan, plan_upload, upload_coworld
from ..observatory.identity import Identity
from ..observatory.manifest_changes import changed, stored_coworld
from .launch_arguments import pair
from .league_coworld_checks import checks_of, tell_checks
from .league_saving import usage
from .league_session import confirm, to_its_end
from .league_uploads import prepared
from .loading import load
from .output import say, tell
from .upload_lines import UploadLines

if TYPE_CHECKING:
    from ..roles.certification_outcome import CertificationOutcome

_SHOWN = 100


def league_upload_coworld(options: Namespace) -> int:
    """Exit 0 when all that was waited for passed, 1 when the package is at fault, 3 when the server is."""
    _require_sensible(options)
    if options.from_coworld is None:
        package = load(options.manifest)
        preparing = prepared(options, lambda client: plan_upload(package, options.visibility))
    else:
        images = [pair(text, "--image") for text in options.image]
        patch = _patch(options.patch) if options.patch is not None else None
        preparing = prepared(options, lambda client: _changed(client, options, patch, images))
    identity, line, plan = to_its_end(preparing)
    confirm([*plan.describe(), _certifying(plan, options), line], options)
    if options.from_coworld is None:
        _certify_first(plan, options)
    return to_its_end(_publish(options, identity, plan))


def _require_sensible(options: Namespace) -> None:
    changes = options.game_version is not None or options.patch is not None or options.image
    if options.from_coworld is None and options.manifest is None:
        raise usage("there is nothing to upload", "give a MANIFEST, or --from-coworld COWORLD")
    if options.from_coworld is None and changes:
        raise usage(
            "--version, --patch and --image change a Coworld of the server", "give --from-coworld too"
        )
    if options.from_coworld is not None and options.manifest is not None:
        raise usage("MANIFEST and --from-coworld exclude each other", "leave one of them out")
    if options.from_coworld is not None and not changes:
        raise usage("nothing is to be changed", "give --version, --patch or --image")


async def _changed(
    client: Observatory,
    options: Namespace,
    patch: Mapping[str, Any] | None,
    images: Sequence[tuple[str, str]],
) -> UploadPlan:
    source = await stored_coworld(client, options.from_coworld)
    package = changed(source, version=options.game_version, patch=patch, images=images)
    return await plan_upload(package, options.visibility)


def _patch(text: str) -> dict[str, Any]:
    """A JSON object, or the file that holds one."""
    try:
        if text.lstrip().startswith("{"):
            return read_json_object(text.encode(errors="replace"))
        with Path(text).open("rb") as file:
            return read_json_object(file.read(SIZE_LIMIT + 1))
    except (OSError, ValueError) as error:  # ValueError: no JSON, or no path
        reason = error.strerror if isinstance(error, OSError) else str(error)
        is_path = not isinstance(error, UnreadableJson)
        cause = f"{safe_line(text, _SHOWN)}: {reason}" if is_path else f"it {reason}"
        raise usage("--patch is no JSON object", "give JSON, or a file that holds it", cause) from None


def _certifying(plan: UploadPlan, options: Namespace) -> str:
    from ..roles.certified import certified_at

    if options.from_coworld is not None:
        return "  The server certifies it; here nothing is."
    if plan.package.manifest.game.task_environments:
        return "  It has task environments, which only the server can certify."
    when = certified_at(plan.fingerprint)
    if when:
        return f"  It passed certification here at {when}, and is as it was."
    return "  It is certified here first."


def _certify_first(plan: UploadPlan, options: Namespace) -> None:
    """Have the package pass. What passed is what is sent: it is read again, and must be as it was."""
    from ..roles.certified import certified_at, remember_certified

    if plan.package.manifest.game.task_environments or certified_at(plan.fingerprint):
        return
    outcome = _certify(plan.package, options)
    if not outcome.ok:
        raise _not_certified(outcome)
    after = to_its_end(plan_upload(load(options.manifest), options.visibility))
    if after.fingerprint != plan.fingerprint:
        raise CoworldError(
            "package_changed",
            "The package was changed while it was certified",
            cause="its manifest, an image or a file is another one now",
            next_step="run the same command again",
            exit_code=EXIT_FAILED,
        )
    remember_certified(plan.fingerprint)


def _certify(package: Package, options: Namespace) -> CertificationOutcome:
    from ..roles.certification import Certification, CertifyOptions
    from .certify import certify_in_lines

    settings = CertifyOptions(generation="0.1.64", timeout_seconds=options.timeout_seconds)
    return certify_in_lines(Certification(package, settings), wants_lines=not options.json)


def _not_certified(outcome: CertificationOutcome) -> CoworldError:
    if outcome.error is not None:
        return outcome.error
    if outcome.cancelled:
        raise KeyboardInterrupt
    failed = outcome.failed
    return CoworldError(
        "not_certified",
        "It did not pass certification, and was not uploaded",
        cause=f"{failed.id}: {failed.feedback}" if failed is not None else "",
        next_step=f"see {outcome.report}" if outcome.report is not None else "coworld-tui certify MANIFEST",
        exit_code=EXIT_FAILED,
    )


async def _publish(options: Namespace, identity: Identity, plan: UploadPlan) -> int:
    """Upload it, print it, and wait for what is to be waited for."""
    async with Observatory(identity.server, identity) as client:
        version = await upload_coworld(client, plan, UploadLines(quiet=options.json))
        # Before the waiting: whoever stops that knows what there is. For JSON it comes in the document too.
        tell_now = say if options.json else tell
        tell_now(f"uploaded        {safe_line(f'{version.name} {version.version}', _SHOWN)}")
        tell_now(f"id              {safe_line(version.id, _SHOWN)}")
        checks = await checks_of(client, version.id, options, all_of_it=False)
    tell_checks(version, checks, as_json=options.json)
    return checks.exit_code
