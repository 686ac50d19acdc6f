"""The part of a compose file that says which images a project has and how they are built (local.md 1.3).

Read here: of each service ``image``, ``platform``, ``profiles``, ``pull_policy`` and ``build``
with ``context``, ``dockerfile``, ``args``, ``target`` and ``platforms``. Whatever else changes an
image is refused by name; how services run is nobody's business here and passed over.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from .compose_variables import BadVariable, read_env_file, substitute
from .errors import EXIT_USAGE, CoworldError
from .text import safe_line

SIZE_LIMIT = 256 << 10
SERVICE_LIMIT = 100

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_BUILD_KEYS = frozenset({"context", "dockerfile", "args", "target", "platforms"})
_MERGED_LIMIT = 10_000
_NULL_TAG = "tag:yaml.org,2002:null"
_MERGE_TAG = "tag:yaml.org,2002:merge"
_TAGS: tuple[str | None, ...] = (
    None,
    _NULL_TAG,
    *(f"tag:yaml.org,2002:{kind}" for kind in ("str", "seq", "map")),
)


@dataclass(frozen=True)
class ImageBuild:
    """How one image is built. ``dockerfile`` is a path from ``context``, which is an absolute folder."""

    context: Path
    dockerfile: str = "Dockerfile"
    args: dict[str, str] = field(default_factory=dict)
    target: str = ""
    platform: str = ""


@dataclass(frozen=True)
class Service:
    """One service: the image it names, and how to build it if it is built here."""

    name: str
    image: str
    platform: str = ""
    build: ImageBuild | None = None
    is_pulled: bool = True

    @property
    def placeholder(self) -> str:
        """What a manifest template writes for this service's image, such as ``{{MY_GAME_IMAGE}}``."""
        return f"{{{{{self.name.upper().replace('-', '_')}_IMAGE}}}}"


def read_compose(path: Path, environment: Mapping[str, str]) -> tuple[Service, ...]:
    """Return the services of a compose file in its own order, those without an active profile left out.

    Variables come from ``environment``, else from ``.env`` beside the file. Raises CoworldError
    (``compose_missing``, ``compose_invalid``; exit 2).
    """
    try:
        document = _load(_read(path))
        variables = {**_env_file(path.parent / ".env", environment), **environment}
        return _Reader(path.parent.resolve(), variables).services(document)
    except BadVariable as error:
        raise _compose_invalid(path, str(error)) from None
    except OSError as error:
        raise CoworldError(
            "compose_missing",
            f"there is no compose file {safe_line(path.name, 100)}",
            cause=f"{safe_line(str(path), 200)}: {error.strerror or error}",
            next_step="give the project's folder as --project, or the file as --compose",
            exit_code=EXIT_USAGE,
        ) from None


def _compose_invalid(path: Path, cause: str) -> CoworldError:
    """The error for a compose file that is there but cannot be used."""
    return CoworldError(
        "compose_invalid",
        f"{safe_line(path.name, 100)} cannot be used",
        cause=safe_line(cause, 400),
        next_step=f"correct {safe_line(str(path), 200)}",
        exit_code=EXIT_USAGE,
    )


class _Reader:
    """Turns a compose document into services; BadVariable says what is wrong and where."""

    def __init__(self, folder: Path, variables: Mapping[str, str]) -> None:
        self._folder = folder
        self._variables = variables
        self._profiles = {name.strip() for name in variables.get("COMPOSE_PROFILES", "").split(",")}

    def services(self, document: Any) -> tuple[Service, ...]:
        if not isinstance(document, dict):
            raise BadVariable("is not a mapping")
        if "include" in document:
            raise BadVariable("uses include, which is not supported here")
        entries = document.get("services")
        if not isinstance(entries, dict) or not entries:
            raise BadVariable("has no services")
        if len(entries) > SERVICE_LIMIT:
            raise BadVariable(f"has more than {SERVICE_LIMIT} services")
        services = [self._service(name, entry) for name, entry in entries.items() if self._is_active(entry)]
        places: dict[str, str] = {}
        for service in services:
            other = places.setdefault(service.placeholder, service.name)
            if other != service.name:
                raise BadVariable(
                    f"has services {other} and {service.name}, both of which are {service.placeholder}"
                )
        return tuple(services)

    def _is_active(self, entry: Any) -> bool:
        profiles = entry.get("profiles") if isinstance(entry, dict) else None
        if not isinstance(profiles, list) or not profiles:
            return True
        return "*" in self._profiles or not self._profiles.isdisjoint(map(str, profiles))

    def _service(self, name: Any, entry: Any) -> Service:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise BadVariable(f"has a service whose name cannot be used: {safe_line(str(name), 60)}")
        where = f"services.{name}"
        if not isinstance(entry, dict):
            raise BadVariable(f"{where} is not a mapping")
        if "extends" in entry:
            raise BadVariable(f"{where} uses extends, which is not supported here")
        image = self._text(entry.get("image"), f"{where}.image")
        if not image:
            raise BadVariable(f"{where} has no image: give it the name its image is to have")
        platform = self._text(entry.get("platform"), f"{where}.platform")
        return Service(
            name,
            image,
            platform,
            self._build(entry["build"], f"{where}.build", platform) if "build" in entry else None,
            is_pulled=self._text(entry.get("pull_policy"), f"{where}.pull_policy") not in ("never", "build"),
        )

    def _build(self, entry: Any, where: str, platform: str) -> ImageBuild:
        if isinstance(entry, str):
            entry = {"context": entry}
        if not isinstance(entry, dict):
            raise BadVariable(f"{where} is neither a folder nor a mapping")
        unknown = sorted(
            str(key) for key in entry if key not in _BUILD_KEYS and not str(key).startswith("x-")
        )
        if unknown:
            raise BadVariable(f"{where} uses {safe_line(unknown[0], 60)}, which is not supported here")
        context = self._text(entry.get("context"), f"{where}.context") or "."
        if "://" in context or context.startswith(("git@", "github.com/")):
            raise BadVariable(f"{where}.context is an address; only folders are supported here")
        return ImageBuild(
            context=(self._folder / Path(context).expanduser()).resolve(),
            dockerfile=self._text(entry.get("dockerfile"), f"{where}.dockerfile") or "Dockerfile",
            args=self._args(entry.get("args"), f"{where}.args"),
            target=self._text(entry.get("target"), f"{where}.target"),
            platform=self._platform(entry.get("platforms"), f"{where}.platforms", platform),
        )

    def _args(self, entry: Any, where: str) -> dict[str, str]:
        """A mapping, or a list of ``NAME=VALUE``; one without a value takes this environment's."""
        pairs: list[tuple[Any, Any]]
        if entry is None:
            pairs = []
        elif isinstance(entry, dict):
            pairs = list(entry.items())
        elif isinstance(entry, list):
            texts = [self._text(item, where) for item in entry]
            pairs = [
                (name, value if sign else None) for name, sign, value in (t.partition("=") for t in texts)
            ]
        else:
            raise BadVariable(f"{where} is neither a mapping nor a list")
        args: dict[str, str] = {}
        for name, value in pairs:
            if not isinstance(name, str) or not name:
                raise BadVariable(f"{where} has an entry without a name")
            if value is not None:
                args[name] = self._text(value, f"{where}.{name}")
            elif name in self._variables:
                args[name] = self._variables[name]
        return args

    def _platform(self, entry: Any, where: str, platform: str) -> str:
        if entry is None:
            return platform
        if not isinstance(entry, list) or not entry:
            raise BadVariable(f"{where} is not a list of platforms")
        platforms = [self._text(item, where) for item in entry]
        if platform and platform not in platforms:
            raise BadVariable(f"{where} does not list the service's own platform {safe_line(platform, 60)}")
        if len(platforms) > 1:
            raise BadVariable(f"{where} names several platforms; an engine builds for one")
        return platforms[0]

    def _text(self, value: Any, where: str) -> str:
        if value is None:
            return ""
        if not isinstance(value, str):
            raise BadVariable(f"{where} is not text")
        try:
            text = substitute(value, self._variables)
        except BadVariable as error:
            raise BadVariable(f"{where} {error}") from None
        if "\0" in text:
            raise BadVariable(f"{where} holds a null character")
        return text


class _Loader(yaml.SafeLoader):
    """Scalars stay the text they are, as ``1.10`` in a build argument must; only null is resolved.

    Other tags and repeated keys are refused. Merged mappings are bounded: a few aliases can ask for
    any number of keys.
    """

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own way to say it
        first: [(tag, pattern) for tag, pattern in resolvers if tag in (_NULL_TAG, _MERGE_TAG)]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    yaml_constructors = {tag: yaml.SafeLoader.yaml_constructors[tag] for tag in _TAGS}  # noqa: RUF012

    def __init__(self, stream: bytes) -> None:
        super().__init__(stream)
        self._flat: set[yaml.MappingNode] = set()

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        if node in self._flat:
            return
        self._flat.add(node)
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE_TAG:
                if key.value in seen:
                    raise _yaml_error(f"the key {key.value} is there twice", key)
                seen.add(key.value)
        super().flatten_mapping(node)
        if len(node.value) > _MERGED_LIMIT:
            raise _yaml_error("too many merged keys", node)


def _yaml_error(problem: str, node: yaml.Node) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)


def _load(data: bytes) -> Any:
    try:
        return yaml.load(data, _Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f" in line {mark.line + 1}" if mark is not None else ""
        raise BadVariable(f"is not YAML that can be read: {error.problem or error.context}{line}") from None
    except (yaml.YAMLError, ValueError) as error:
        raise BadVariable(f"is not YAML: {str(error).splitlines()[0]}") from None
    except RecursionError:
        raise BadVariable("is nested too deeply") from None


def _read(path: Path) -> bytes:
    if not path.is_file():
        raise FileNotFoundError(errno.ENOENT, "it is no file")
    with path.open("rb") as file:
        data = file.read(SIZE_LIMIT + 1)
    if len(data) > SIZE_LIMIT:
        raise BadVariable(f"is larger than {SIZE_LIMIT >> 10} KiB")
    return data


def _env_file(path: Path, environment: Mapping[str, str]) -> dict[str, str]:
    if not path.is_file():
        return {}
    try:
        return read_env_file(_read(path).decode(), environment)
    except (OSError, UnicodeDecodeError):
        raise BadVariable("has an .env beside it that cannot be read as text") from None
    except BadVariable as error:
        raise BadVariable(f"has an .env beside it that {error}") from None
