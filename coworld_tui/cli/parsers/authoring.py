"""Commands of people who make games: ``validate``, ``certify``, ``build``, ``roles``, ``bundle``, ``new``."""

from __future__ import annotations

from typing import Any

from ..arguments import seconds


def add(commands: Any) -> None:
    """Add them to the command line."""
    _validate(commands)
    _certify(commands)
    _build(commands)
    _roles(commands)
    _bundle(commands)
    _new(commands)


def _validate(commands: Any) -> None:
    validate = commands.add_parser("validate", help="say what each contract generation refuses in a manifest")
    validate.add_argument(
        "manifests", nargs="+", metavar="MANIFEST", help="manifest file, package folder, or 'demo'"
    )
    validate.add_argument("--json", action="store_true", help="print one JSON object each, a line each")


def _certify(commands: Any) -> None:
    certify = commands.add_parser("certify", help="take a package through every step of certification")
    certify.add_argument("manifest", help="manifest file, package folder, URL, cow_ id, or 'demo'")
    certify.add_argument(
        "--generation", choices=("0.1.11", "0.1.64"), help="whose rules (default: the manifest's own)"
    )
    certify.add_argument(
        "--keep-going", action="store_true", help="after a failed step, run those that do not need it"
    )
    certify.add_argument("--backend", choices=("docker", "process"), help="where the parts run")
    certify.add_argument(
        "--timeout-seconds", type=seconds, default=60.0, metavar="S", help="limit per phase (default: 60)"
    )
    certify.add_argument("--output-dir", metavar="DIR", help="put the workspace and the report here")
    certify.add_argument(
        "--display", choices=("full", "plain", "none"), help="(default: plain; none with --json)"
    )
    certify.add_argument("--json", action="store_true", help="print one JSON object")


def _build(commands: Any) -> None:
    build = commands.add_parser("build", help="build images by a compose file and write the manifest")
    build.add_argument("--version", required=True, dest="game_version", metavar="V", help="of the manifest")
    build.add_argument("--project", default=".", metavar="DIR", help="(default: this folder)")
    build.add_argument("--compose", default="compose.yaml", metavar="FILE", help="(default: compose.yaml)")
    build.add_argument(
        "--template",
        default="coworld_manifest_template.json",
        metavar="FILE",
        help="(default: coworld_manifest_template.json)",
    )
    build.add_argument(
        "--output",
        default="dist/coworld_manifest.json",
        metavar="FILE",
        help="(default: dist/coworld_manifest.json)",
    )
    build.add_argument("--json", action="store_true", help="print one JSON object")


def _roles(commands: Any) -> None:
    roles = commands.add_parser("roles", help="list the supporting roles of a package, or run one")
    actions = roles.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="every role of a package and whether it can run here")
    listing.add_argument("manifest", help="manifest file, package folder, URL, cow_ id, or 'demo'")
    listing.add_argument("--json", action="store_true", help="print one JSON object")
    run = actions.add_parser("run", help="run one role on an episode")
    run.add_argument("role", choices=("reporter", "grader", "diagnoser", "optimizer"))
    run.add_argument("manifest", help="manifest file, package folder, URL, cow_ id, or 'demo'")
    run.add_argument("source", metavar="SOURCE", help="a run, run id, workspace or bundle")
    run.add_argument("--id", metavar="ID", help="which of them (default: the first)")
    run.add_argument("--target", default="", metavar="POLICY", help="the policy a diagnoser looks at")
    run.add_argument("--backend", choices=("docker", "process"), help="where it runs (default: docker)")
    run.add_argument(
        "--timeout-seconds", type=seconds, default=300.0, metavar="S", help="limit (default: 300)"
    )
    run.add_argument("--output-dir", metavar="DIR", help="put the outputs here instead of into the run")
    run.add_argument("--json", action="store_true", help="print one JSON object")


def _bundle(commands: Any) -> None:
    bundle = commands.add_parser("bundle", help="write an episode as one zip for others")
    bundle.add_argument("source", metavar="SOURCE", help="a run, run id, workspace or bundle")
    bundle.add_argument("--output", required=True, metavar="FILE", help="the zip to write")
    bundle.add_argument(
        "--include", metavar="TOKENS", help="a comma list: results,replay,config,game_logs,player_logs …"
    )
    bundle.add_argument(
        "--generation", choices=("0.1.11", "0.1.64"), help="its layout (default: the source's own)"
    )
    bundle.add_argument("--raw", action="store_true", help="keep tokens and secrets; asks first")
    bundle.add_argument("--yes", action="store_true", help="with --raw: do not ask")
    bundle.add_argument("--force", action="store_true", help="replace the file that is there")
    bundle.add_argument("--json", action="store_true", help="print one JSON object")


def _new(commands: Any) -> None:
    new = commands.add_parser("new", help="write a small working player or Coworld to start from")
    new.add_argument("what", choices=("player", "coworld"))
    new.add_argument("directory", metavar="DIR", help="a new or empty folder")
    new.add_argument("--name", help="its name (default: the folder's)")
    new.add_argument("--json", action="store_true", help="print one JSON object")
