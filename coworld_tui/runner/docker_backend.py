"""Games and players as containers on the local contract's network, hardened and labelled."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from time import monotonic, sleep
from typing import Any

from ..contract.errors import EXIT_MISSING, EXIT_USAGE, CoworldError
from ..contract.package import is_unpublished_image
from ..contract.text import safe_line
from ..runs.owner import Owner
from .backend import HOST_FROM_CONTAINER, LOOPBACK, Mount, PartExit, PartSpec
from .copied_files import CopiedFiles
from .docker_engine import (
    LABEL_OWNER,
    LABEL_ROLE,
    LABEL_RUN,
    LABEL_SLOT,
    NETWORK,
    DockerEngine,
    connect,
    in_daemon_thread,
)
from .limits import container_limits
from .logs import LogFile
from .process_backend import port_taken
from .together import together

# All are dropped; these come back because images commonly start as root and step down.
_CAPABILITIES = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETGID", "SETUID"]
_PIDS = 512
_LOG_CONFIG = {"Type": "local", "Config": {"max-size": "10m", "max-file": "2"}}
_POLL_SECONDS = 0.02
_PORT_WAIT_SECONDS = 10.0
_REMOVE_SECONDS = 30.0
_KILLED = 128 + 9
_OUT_OF_MEMORY_NEWS_SECONDS = 0.5


class DockerPart:
    """One container."""

    def __init__(
        self, engine: DockerEngine, spec: PartSpec, container: str, stdout: LogFile, stderr: LogFile
    ) -> None:
        self.spec = spec
        self.container = container
        self.exit: PartExit | None = None
        self._engine = engine
        self._logs = (stdout, stderr)
        self._end: asyncio.Future[PartExit] | None = None
        copied = [mount for mount in spec.mounts if _is_copied(engine, mount)]
        self._files = CopiedFiles(engine, container, copied) if copied else None

    async def start(self) -> None:
        engine = self._engine
        if self._files is not None:
            await engine.call(self._files.send)
        stream = await engine.call(
            engine.streams.attach, self.container, stdout=True, stderr=True, stream=True, demux=True
        )
        try:
            await engine.call(engine.api.start, self.container)
        except CoworldError as error:
            raise self._start_error(error) from error
        self._end = in_daemon_thread(lambda: self._run_to_end(stream))
        self._end.add_done_callback(self._ended)

    async def address(self) -> tuple[str, int]:
        deadline = asyncio.get_running_loop().time() + _PORT_WAIT_SECONDS
        while True:
            details = await self._engine.call(self._engine.api.inspect_container, self.container)
            bound = (details["NetworkSettings"]["Ports"] or {}).get(f"{self.spec.listens_on}/tcp")
            if bound:
                return self._engine.address, int(bound[0]["HostPort"])
            if self.exit is not None or asyncio.get_running_loop().time() > deadline:
                raise CoworldError(
                    "engine_refused",
                    f"the engine published no port for {self._who()}",
                    owner="the engine",
                    next_step="coworld-tui doctor",
                )
            await asyncio.sleep(_POLL_SECONDS)

    async def wait(self) -> PartExit:
        assert self._end is not None, "wait() before start()"
        return await asyncio.shield(self._end)

    async def remove(self) -> None:
        if self._files is not None and self._end is not None and not self._end.done():
            # What it wrote so far is with the engine only.
            with contextlib.suppress(CoworldError):
                await self._engine.call(self._engine.api.kill, self.container)
            await asyncio.wait({self._end}, timeout=_REMOVE_SECONDS)
        with contextlib.suppress(CoworldError):
            await self._engine.call(self._engine.api.remove_container, self.container, force=True, v=True)
        if self._end is not None:
            await asyncio.wait({self._end}, timeout=_REMOVE_SECONDS)

    async def written(self) -> int:
        """Bytes of files it made in its own file system, copies of mounts included, as the engine counts."""
        found = await self._engine.call(
            self._engine.api.containers, all=True, size=True, filters={"id": self.container}
        )
        return sum(int(container.get("SizeRw") or 0) for container in found)

    def _run_to_end(self, stream: Any) -> PartExit:
        stdout, stderr = self._logs
        for out, err in stream:
            if out:
                stdout.feed(out)
            if err:
                stderr.feed(err)
        from docker.errors import NotFound

        try:
            code = int(self._engine.streams.wait(self.container)["StatusCode"])
            state = self._final_state(code) if code else {}
        except NotFound:
            return PartExit(-9, "removed")
        left_out = self._files.fetch() if self._files is not None else ()
        memory = bool(state.get("OOMKilled"))
        reason = "out of memory" if memory else safe_line(str(state.get("Error") or ""), 300)
        return PartExit(code, reason, memory, left_out)

    def _final_state(self, code: int) -> dict[str, Any]:
        """The engine's account of a failure. That memory ran out it may learn a moment after the end."""
        deadline = monotonic() + (_OUT_OF_MEMORY_NEWS_SECONDS if code == _KILLED else 0.0)
        while True:
            state: dict[str, Any] = self._engine.api.inspect_container(self.container)["State"]
            if state.get("OOMKilled") or monotonic() >= deadline:
                return state
            sleep(_POLL_SECONDS)

    def _ended(self, end: asyncio.Future[PartExit]) -> None:
        if not end.cancelled():
            self.exit = PartExit(-1, str(end.exception())) if end.exception() else end.result()

    def _who(self) -> str:
        if self.spec.slot is not None:
            return f"slot {self.spec.slot}"
        return "the game" if self.spec.role == "replay" else f"the {self.spec.role}"

    def _start_error(self, error: CoworldError) -> CoworldError:
        cause = error.cause
        if "port is already allocated" in cause or "address already in use" in cause:
            return port_taken(self.spec.port or 0, cause)
        if "exec format error" in cause:
            return platform_error(str(self.spec.image), "", self._engine.architecture, self.spec.slot)
        if "executable file not found" in cause or "no such file or directory" in cause:
            return CoworldError(
                "command_missing",
                f"the image {safe_line(str(self.spec.image), 100)} has no such command",
                cause=cause,
                owner=self._who(),
                next_step="check `run` in the manifest, or --run",
                slot=self.spec.slot,
            )
        return error


class DockerBackend:
    """Creates the containers of one run, all labelled with it, its owner, their role and slot."""

    name = "docker"

    def __init__(self, engine: DockerEngine, run_id: str) -> None:
        self.engine = engine
        self._run_id = run_id
        self._owner = str(Owner.current())
        self._foreign: dict[str, str] = {}
        self._gateway = ""
        self._creating: set[asyncio.Future[Any]] = set()

    @classmethod
    async def open(cls, run_id: str) -> DockerBackend:
        """Connect. CoworldError (exit 3) when no engine answers, or its ports cannot be reached from here."""
        engine = await connect()
        if engine.host.startswith("ssh://"):
            raise CoworldError(
                "engine_unavailable",
                "episodes cannot be watched on an engine behind ssh",
                cause="it publishes the game's port on its own machine only",
                owner="the engine",
                next_step="run coworld-tui on that machine, or point DOCKER_HOST at tcp://",
                exit_code=EXIT_MISSING,
            )
        return cls(engine, run_id)

    async def prepare(self, images: frozenset[str]) -> None:
        """Network and images; an absent image is pulled, which needs its registry to answer."""
        await together(self._ensure_network(), *map(self._ensure_image, images))

    async def create(self, spec: PartSpec, stdout: LogFile, stderr: LogFile) -> DockerPart:
        api = self.engine.api
        labels = {LABEL_RUN: self._run_id, LABEL_ROLE: spec.role, LABEL_OWNER: self._owner}
        if spec.slot is not None:
            labels[LABEL_SLOT] = str(spec.slot)
        interface = _interface(self.engine)
        bindings: dict[int, Any] = {
            port: (interface, host or None) for port, host in spec.extra_ports.items()
        }
        if spec.port is not None:
            bindings[spec.listens_on] = (interface, spec.port or None)
        host_config = api.create_host_config(
            mounts=[  # not binds, which a colon in a path breaks
                {
                    "Type": "bind",
                    "Source": str(mount.source),
                    "Target": mount.target,
                    "ReadOnly": mount.read_only,
                }
                for mount in spec.mounts
                if not _is_copied(self.engine, mount)
            ],
            port_bindings=bindings,
            network_mode=NETWORK if spec.has_network else "none",
            extra_hosts={HOST_FROM_CONTAINER: self._gateway or "host-gateway"} if spec.has_network else None,
            cap_drop=["ALL"],
            cap_add=_CAPABILITIES,
            security_opt=["no-new-privileges"],
            pids_limit=_PIDS,
            log_config=_LOG_CONFIG,
            **container_limits(spec.resources, self.engine.cpus),
        )
        aliases = [spec.alias] if spec.alias else None
        created = await self._tracked(
            api.create_container,
            spec.image,
            name=spec.name,
            entrypoint=[spec.argv[0]] if spec.argv else None,
            command=list(spec.argv[1:]) if spec.argv else None,
            environment=spec.env,
            labels=labels,
            ports=list(bindings),
            host_config=host_config,
            networking_config=api.create_networking_config(
                {NETWORK: api.create_endpoint_config(aliases=aliases)}
            )
            if spec.has_network
            else None,
        )
        return DockerPart(self.engine, spec, str(created["Id"]), stdout, stderr)

    async def close(self) -> None:
        """Remove what still carries this run's label: a cancelled call may have made it after all."""
        if self._creating:
            await asyncio.wait(self._creating)
        api = self.engine.api
        left: list[dict[str, Any]] = []
        with contextlib.suppress(CoworldError):
            left = await self.engine.call(
                api.containers, all=True, filters={"label": f"{LABEL_RUN}={self._run_id}"}
            )
        for container in left:
            with contextlib.suppress(CoworldError):  # somebody else is at it
                await self.engine.call(api.remove_container, container["Id"], force=True, v=True)

    @property
    def gateway(self) -> str:
        """Where containers reach a game that is a local process: this machine's address on the network.

        An engine in a virtual machine of its own forwards to loopback instead.
        """
        return self._gateway or LOOPBACK

    def foreign_platform(self, image: str) -> str:
        """The architecture of an image that is not the engine's own; empty when it fits."""
        return self._foreign.get(image, "")

    async def _tracked(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        """A call that goes on in its thread when we are cancelled, so that ``close`` can wait for it."""
        call = asyncio.ensure_future(self.engine.call(function, *args, **kwargs))
        self._creating.add(call)
        call.add_done_callback(self._creating.discard)
        return await asyncio.shield(call)

    async def _ensure_network(self) -> None:
        api = self.engine.api
        if not await self.engine.call(api.networks, names=[f"^{NETWORK}$"]):
            try:
                await self.engine.call(api.create_network, NETWORK, driver="bridge", check_duplicate=True)
            except CoworldError:  # somebody else was faster, or it cannot be made
                if not await self.engine.call(api.networks, names=[f"^{NETWORK}$"]):
                    raise
        network = await self.engine.call(api.inspect_network, NETWORK)
        addresses = (network.get("IPAM") or {}).get("Config") or []
        gateways = (str(entry["Gateway"]) for entry in addresses if entry.get("Gateway"))
        self._gateway = next(filter(_is_of_this_machine, gateways), "")

    async def _ensure_image(self, image: str) -> None:
        if is_unpublished_image(image):
            raise CoworldError(
                "image_unreachable",
                f"{safe_line(image, 100)} is not published yet",
                cause="it is an upload's id, not an image name",
                next_step="wait until it is published, then download the package again",
                exit_code=EXIT_MISSING,
            )
        details = await self.engine.call(self._inspect_image, image)
        if details is None:
            try:
                await self.engine.call(self.engine.streams.pull, image)
                details = await self.engine.call(self._inspect_image, image)
            except CoworldError as error:
                raise image_missing(image, error.cause) from error
        if details is None:
            raise image_missing(image, "the engine does not have it after pulling it")
        architecture = str(details.get("Architecture", ""))
        if architecture and architecture != self.engine.architecture:
            self._foreign[image] = architecture

    def _inspect_image(self, image: str) -> dict[str, Any] | None:
        from docker.errors import ImageNotFound, NotFound

        try:
            details: dict[str, Any] = self.engine.api.inspect_image(image)
        except (ImageNotFound, NotFound):
            return None
        return details


def _is_copied(engine: DockerEngine, mount: Mount) -> bool:
    return mount.is_copied or engine.is_remote


def _interface(engine: DockerEngine) -> str:
    """Where ports are published: on loopback, unless that is another machine's."""
    local = engine.address in ("localhost", LOOPBACK, "::1")
    return LOOPBACK if local else "0.0.0.0"


def _is_of_this_machine(address: str) -> bool:
    try:
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
            probe.bind((address, 0))
    except OSError:
        return False
    return True


def image_missing(image: str, cause: str) -> CoworldError:
    """The error for an image that the engine neither has nor can pull."""
    return CoworldError(
        "image_unreachable",
        f"there is no image {safe_line(image, 100)}",
        cause=cause,
        next_step=f"docker pull {safe_line(image, 200)}, or build it",
        exit_code=EXIT_MISSING,
    )


def platform_error(image: str, theirs: str, ours: str, slot: int | None = None) -> CoworldError:
    """The error for an image made for another processor; ``theirs`` is empty when it does not say which."""
    return CoworldError(
        "image_platform",
        f"the image {safe_line(image, 100)} is for {theirs or 'another processor'}, this engine runs {ours}",
        cause="its program has another processor's format",
        next_step=f"docker buildx build --platform linux/{ours} …",
        slot=slot,
        exit_code=EXIT_USAGE,
    )
