"""``league upload-policy``, ``upload-coworld`` and ``status``. Options are named as in the real client."""

from __future__ import annotations

import argparse
from typing import Any

from ..arguments import Parser, seconds
from .league_options import action


def add(actions: Any) -> None:
    """Add them to the actions of ``league``."""
    _policy(actions)
    _coworld(actions)
    _status(actions)


def _policy(actions: Any) -> None:
    policy = _action(
        actions, "upload-policy", "make a policy version of an image, or with --file of a file", asks=True
    )
    policy.add_argument("image", nargs="?", metavar="IMAGE", help="an image that the Docker engine has")
    policy.add_argument("--file", metavar="PATH", help="a file or folder that the game runs itself")
    policy.add_argument("-n", "--name", metavar="NAME", help="of the policy (default: your player's name)")
    policy.add_argument(
        "--run", action="append", default=[], metavar="WORD", help="the command, a word each time"
    )
    policy.add_argument(
        "--secret-env",
        action="append",
        default=[],
        metavar="K[=V]",
        help="variable that the platform keeps secret; without =V the value of this shell's K",
    )
    policy.add_argument("--tag", action="append", default=[], metavar="K=V", help="note of your own")
    policy.add_argument("--title", metavar="TEXT", help="one line on this version")
    policy.add_argument("--description", metavar="TEXT", help="what changed, and why")
    _needs(policy)
    _outside(policy)


def _needs(policy: Parser) -> None:
    policy.add_argument("--cpu", metavar="N", help="processors it needs, such as 2 or 500m")
    policy.add_argument("--memory", metavar="N", help="memory it needs, such as 4Gi")
    policy.add_argument("--cpu-limit", metavar="N", help="processors it may use at most")
    policy.add_argument("--gpu", action="store_true", help="it needs a GPU")
    policy.add_argument(
        "--instance-type", metavar="TYPE", help="kind of machine; for the server's own people"
    )
    policy.add_argument(
        "--startup-port", type=_startup_port, metavar="N", help="wait for this port before the game starts"
    )
    policy.add_argument("--startup-path", type=_startup_path, metavar="PATH", help="(default: /healthz)")
    policy.add_argument(
        "--startup-timeout", type=_startup_seconds, metavar="S", help="for how long (default: 1200)"
    )


def _outside(policy: Parser) -> None:
    policy.add_argument("--use-llm", action="store_true", help="let it ask the platform's language model")
    policy.add_argument("--llm-model", metavar="NAME", help="which model; with --use-llm")
    policy.add_argument("--llm-endpoint", metavar="URL", help="a model of your own; with --llm-model")
    policy.add_argument("--llm-api-key-env", metavar="K", help="variable of this shell that holds its key")
    policy.add_argument(
        "--https-host", action="append", default=[], metavar="HOST", help="let it reach this host over https"
    )


def _coworld(actions: Any) -> None:
    coworld = _action(
        actions, "upload-coworld", "certify a Coworld, then publish it with all that belongs to it", asks=True
    )
    coworld.add_argument("manifest", nargs="?", metavar="MANIFEST", help="manifest file or package folder")
    coworld.add_argument(
        "--from-coworld", metavar="COWORLD", help="start from this one of the server (cow_ id or name)"
    )
    coworld.add_argument("--version", dest="game_version", metavar="V", help="with --from-coworld")
    coworld.add_argument("--patch", metavar="JSON", help="merge this JSON or JSON file; with --from-coworld")
    coworld.add_argument(
        "--image",
        action="append",
        default=[],
        metavar="WHERE=IMAGE",
        help="game, ROLE, ROLE.ID or ROLE[N] gets this image; with --from-coworld",
    )
    coworld.add_argument("--visibility", choices=("public", "private"), help="(default: the server's choice)")
    coworld.add_argument(
        "--timeout-seconds", type=seconds, default=60.0, metavar="S", help="limit per phase of certifying"
    )
    _waiting(coworld, smoke=True)


def _status(actions: Any) -> None:
    status = _action(actions, "status", "what the server made of a Coworld: hosted episodes, certification")
    status.add_argument("coworld_id", metavar="COWORLD_ID")
    _waiting(status, smoke=False)


def _waiting(made: Parser, *, smoke: bool) -> None:
    made.add_argument(
        "--wait-hosted-smoke",
        action=argparse.BooleanOptionalAction,
        default=smoke,
        help=f"wait until the server has played it (default: {'yes' if smoke else 'no'})",
    )
    made.add_argument("--hosted-smoke-timeout-seconds", type=seconds, default=1800.0, metavar="S")
    made.add_argument(
        "--wait-certification",
        action=argparse.BooleanOptionalAction,
        default=False,
        help="wait until the server has certified it (default: no)",
    )
    made.add_argument("--certification-timeout-seconds", type=seconds, default=1800.0, metavar="S")


def _action(actions: Any, name: str, text: str, *, asks: bool = False) -> Parser:
    return action(actions, name, text, room="league_uploads", asks=asks)


def _startup_port(text: str) -> int:
    return _within(text, 1024, 65_535)


def _startup_seconds(text: str) -> int:
    return _within(text, 1, 1200)


def _within(text: str, least: int, most: int) -> int:
    if not text.isdecimal() or len(text) > 9 or not least <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"must be a whole number from {least} to {most}")
    return int(text)


def _startup_path(text: str) -> str:
    if not text.startswith("/"):
        raise argparse.ArgumentTypeError("must begin with /")
    return text
