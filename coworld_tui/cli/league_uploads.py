"""``league upload-policy`` and ``league upload-coworld``: check, ask, then send."""

from __future__ import annotations

import os
import shlex
from argparse import Namespace
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from ..contract.errors import EXIT_DONE
from ..contract.text import safe_line
from ..observatory.client import Observatory
from ..observatory.identity import Identity
from ..observatory.models.uploads import UploadedPolicy
from ..observatory.policy_environment import https_names, llm_names
from ..observatory.policy_upload import (
    FilePolicy,
    ImagePolicy,
    ReadyFile,
    ReadyImage,
    ready_policy,
    upload_policy,
)
from .launch_arguments import pair, secret_env
from .league_saving import usage
from .league_session import acting, confirm, session, to_its_end
from .output import say, tell, tell_json
from .upload_lines import UploadLines

_SHOWN = 100
_FILE_ONLY = "--file goes with --name, --tag, --title and --description only"

_T = TypeVar("_T")


def league_upload_policy(options: Namespace) -> int:
    """Make a policy version of an image or of a file."""
    policy = _file_policy(options) if options.file is not None else _image_policy(options)
    identity, line, ready = to_its_end(prepared(options, lambda client: ready_policy(policy)))
    confirm([*ready.describe(), line], options)
    version = to_its_end(_upload_policy(options, identity, ready))
    label = safe_line(f"{version.name}:v{version.version}", _SHOWN)
    if options.json:
        tell_json(version.as_document())
    else:
        tell(f"uploaded  {label}")
        tell(f"version   {safe_line(version.id, _SHOWN)}")
        if version.submit_error:
            tell(f"problem   {safe_line(version.submit_error, 300)}")
        say(f"next: coworld-tui league submit {shlex.quote(label)} --league LEAGUE_ID")
    return EXIT_DONE


async def prepared(
    options: Namespace, prepare: Callable[[Observatory], Awaitable[_T]]
) -> tuple[Identity, str, _T]:
    """Who acts, a line that says so, and what ``prepare`` makes of the client; nothing is sent yet.

    Raises ``login_needed`` (exit code 3) when the server takes us for nobody, who can upload nothing.
    """
    async with session(options) as (client, identity):
        label = await acting(client)
        return identity, f"  at       {client.server} as {label}", await prepare(client)


async def _upload_policy(
    options: Namespace, identity: Identity, ready: ReadyImage | ReadyFile
) -> UploadedPolicy:
    async with Observatory(identity.server, identity) as client:
        return await upload_policy(client, ready, UploadLines(quiet=options.json))


def _file_policy(options: Namespace) -> FilePolicy:
    others = ("image", "run", "secret_env", "https_host", "cpu", "memory", "cpu_limit", "gpu", "use_llm")
    more = ("instance_type", "startup_port", "startup_path", "startup_timeout", "llm_model", "llm_endpoint")
    if any(getattr(options, name) for name in (*others, *more, "llm_api_key_env")):
        raise usage("--file stands for itself", _FILE_ONLY)
    return FilePolicy(Path(options.file), options.name, _tags(options))


def _image_policy(options: Namespace) -> ImagePolicy:
    if options.image is None:
        raise usage("there is nothing to upload", "give an IMAGE, or --file PATH")
    return ImagePolicy(
        options.image,
        options.name,
        tuple(options.run),
        _resources(options),
        _startup(options),
        {**secret_env(options.secret_env), **https_names(options.https_host), **_llm(options)},
        _tags(options),
    )


def _resources(options: Namespace) -> dict[str, Any] | None:
    wanted = {
        "cpu": options.cpu,
        "memory": options.memory,
        "gpu": 1 if options.gpu else None,
        "instance-type": options.instance_type,
    }
    requests = {name: value for name, value in wanted.items() if value is not None}
    limits = {"limits": {"cpu": options.cpu_limit}} if options.cpu_limit is not None else {}
    return {"requests": requests, **limits} if requests or limits else None


def _startup(options: Namespace) -> dict[str, Any] | None:
    if options.startup_port is None:
        if options.startup_path is not None or options.startup_timeout is not None:
            raise usage("there is no port to wait for", "give --startup-port too")
        return None
    return {
        "port": options.startup_port,
        "path": options.startup_path or "/healthz",
        "timeout_seconds": options.startup_timeout or 1200,
    }


def _llm(options: Namespace) -> dict[str, str]:
    if options.llm_model is not None and not options.use_llm:
        raise usage("--llm-model is of no use alone", "give --use-llm too")
    if options.llm_endpoint is not None and options.llm_model is None:
        raise usage("--llm-endpoint is of no use alone", "give --use-llm and --llm-model too")
    if options.llm_api_key_env is not None and options.llm_endpoint is None:
        raise usage("--llm-api-key-env is of no use alone", "give --llm-endpoint too")
    if not options.use_llm:
        return {}
    key = ""
    if options.llm_api_key_env is not None:
        key = os.environ.get(options.llm_api_key_env, "")
        if not key:
            name = safe_line(options.llm_api_key_env, _SHOWN)
            raise usage(f"this shell has no variable {name}", f"export {name}")
    return llm_names(options.llm_model, options.llm_endpoint, key)


def _tags(options: Namespace) -> dict[str, str]:
    tags = dict(pair(text, "--tag") for text in options.tag)
    named = {"title": options.title, "description": options.description}
    return {**tags, **{name: text for name, text in named.items() if text is not None}}


def _upload_coworld(options: Namespace) -> int:
    from .league_upload_coworld import league_upload_coworld

    return league_upload_coworld(options)


def _status(options: Namespace) -> int:
    from .league_coworld_checks import status

    return to_its_end(status(options))


ACTIONS = {"upload-policy": league_upload_policy, "upload-coworld": _upload_coworld, "status": _status}
