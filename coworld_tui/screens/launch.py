"""The launch form: everything ``run`` takes, as fields."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.suggester import SuggestFromList
from textual.widgets import Input, Label

from ..contract.errors import EXIT_USAGE, CoworldError
from ..contract.package import Package
from ..contract.request import FIXTURE, OWN_CONFIG, EpisodePlan, parse_slot, plan_episode
from ..contract.text import safe_line
from ..runner.launch import DEFAULT_TIMEOUT_SECONDS, Kind, LaunchOptions
from ..widgets.choice import Choice
from .form_rows import form_bindings, form_row, typed

_MOST_EPISODES = 1_000


@dataclass(frozen=True)
class Launch:
    """A filled-in form: a plan an episode, how to run them, how many at a time."""

    plans: tuple[EpisodePlan, ...]
    options: LaunchOptions
    jobs: int


class LaunchScreen(ModalScreen[Launch | None]):
    """Asks how to launch a package; returns None when left."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *form_bindings("launch"),
        Binding("ctrl+l", "launch", "launch", show=False),
    ]

    def __init__(
        self,
        package: Package,
        kind: Kind = "episode",
        variant: str = FIXTURE,
        config: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self._package = package
        self._kind: Kind = kind
        self._variant = variant if config is None else OWN_CONFIG
        self._config = config

    def compose(self) -> ComposeResult:
        own = [OWN_CONFIG] if self._config is not None else []
        variants = [*own, FIXTURE, *(variant.id for variant in self._package.manifest.variants)]
        with Vertical(classes="dialog form") as box:
            verb = "play" if self._kind == "play" else "run"
            box.border_title = Content(f"{verb} {self._package.label}")
            box.border_subtitle = Content("enter launch   ↑↓ fields   ←→ choices   escape back")
            with VerticalScroll(id="fields", can_focus=False):
                yield from form_row("variant", Choice(variants, self._variant, id="variant"))
                yield Vertical(id="slots")
                run_help = "command for the image given in a slot, instead of its own"
                yield from form_row("run args", Input(placeholder=run_help, id="run", compact=True))
                yield from form_row("env", Input(placeholder="NAME=VALUE NAME=VALUE", id="env", compact=True))
                secret = Input(
                    placeholder="NAME=VALUE, shown and stored nowhere",
                    password=True,
                    id="secret",
                    compact=True,
                )
                yield from form_row("secret env", secret)
                yield from form_row(
                    "timeout s", Input(f"{DEFAULT_TIMEOUT_SECONDS:g}", id="timeout", compact=True)
                )
                backend = "process" if self._package.builtin else "docker"
                yield from form_row("backend", Choice(("docker", "process"), backend, id="backend"))
                if self._kind == "episode":
                    yield from form_row("episodes", Input("1", type="integer", id="episodes", compact=True))
                    yield from form_row("at a time", Input("1", type="integer", id="jobs", compact=True))
            yield Label("", id="problem", markup=False)

    async def on_mount(self) -> None:
        """Fill the slots of the first variant."""
        await self._show_slots()
        self.query_one("#variant").focus()

    async def on_choice_changed(self, message: Choice.Changed) -> None:
        """Another variant may have other slots."""
        if message.choice.id == "variant":
            await self._show_slots()

    def on_input_submitted(self) -> None:
        """Enter in any field launches."""
        self.action_launch()

    def action_leave(self) -> None:
        """Close without launching."""
        self.dismiss(None)

    def action_launch(self) -> None:
        """Launch, or say what is wrong with the form."""
        self._launch()

    @work(exclusive=True)
    async def _launch(self) -> None:
        try:
            self.dismiss(await self.read())
        except CoworldError as error:
            self._complain(error)

    async def _show_slots(self) -> None:
        container = self.query_one("#slots", Vertical)
        await container.remove_children()
        try:
            variant, config = self._chosen_variant(), self._own_config()
            plan = await asyncio.to_thread(plan_episode, self._package, variant=variant, game_config=config)
        except CoworldError as error:
            self._complain(error)
            return
        self._complain(None)
        players = [typed(f"manifest:{player.id}") for player in self._package.manifest.player]
        suggester = SuggestFromList([*players, "image=", "cmd=", "human"])
        for seat in plan.seats:
            value = typed(f"manifest:{seat.player_id}") if seat.player_id else ""
            field = Input(value, suggester=suggester, id=f"slot-{seat.slot}", compact=True)
            field.placeholder = "manifest:PLAYER, image=REF, cmd=COMMAND or human"
            await container.mount(
                Horizontal(Label(f"slot {seat.slot}", classes="name"), field, classes="row")
            )

    def _complain(self, error: CoworldError | None) -> None:
        text = (
            ""
            if error is None
            else safe_line(f"✗ {error.title}" + (f": {error.cause}" if error.cause else ""), 300)
        )
        self.query_one("#problem", Label).update(text)

    def _chosen_variant(self) -> str | None:
        value = self.query_one("#variant", Choice).value
        return None if value in (FIXTURE, OWN_CONFIG) else value

    def _own_config(self) -> Mapping[str, Any] | None:
        return self._config if self.query_one("#variant", Choice).value == OWN_CONFIG else None

    def _value(self, field: str) -> str:
        return self.query_one(f"#{field}", Input).value.strip()

    async def read(self) -> Launch:
        """What is filled in. CoworldError for what is not right; a schema may take its time."""
        is_episode = self._kind == "episode"
        slots = [
            f"{field.id.removeprefix('slot-')}={field.value.strip()}"
            for field in self.query("#slots Input").results(Input)
            if field.id is not None and field.value.strip()
        ]
        fills = [parse_slot(slot) for slot in slots]
        episodes = _whole(self._value("episodes"), "episodes") if is_episode else 1
        jobs = _whole(self._value("jobs"), "at a time") if is_episode else 1
        run = _words(self._value("run"), "run args")
        env, secret = _pairs(self._value("env"), "env"), _pairs(self._value("secret"), "secret env")
        timeout = _seconds(self._value("timeout"))
        backend = self.query_one("#backend", Choice).value
        variant = self._chosen_variant()
        planned = partial(
            plan_episode,
            self._package,
            variant=variant,
            game_config=self._own_config(),
            run=run,
            env=env,
            fills=fills,
        )
        plans = await asyncio.to_thread(
            lambda: tuple(planned(seed_offset=index) for index in range(episodes))
        )
        command = ["coworld-tui", "run" if is_episode else "play", self._package.source]
        command += ["--variant", variant] if variant is not None else []
        # The run keeps it there.
        command += ["--request", "inputs/episode_request.json"] if self._own_config() is not None else []
        command += [word for slot in slots for word in ("--slot", slot)]
        command += [f"--run={word}" for word in run]
        command += [word for name, value in env.items() for word in ("--env", f"{name}={value}")]
        command += [word for name in secret for word in ("--secret-env", name)]
        command += ["--timeout-seconds", f"{timeout:g}"] if timeout != DEFAULT_TIMEOUT_SECONDS else []
        command += ["--backend", backend]
        command += ["--episodes", str(episodes), "--jobs", str(jobs)] if episodes > 1 else []
        options = LaunchOptions(
            kind=self._kind,
            backend="process" if backend == "process" else "docker",
            timeout_seconds=timeout,
            secret_env=secret,
            command=shlex.join(command),
        )
        return Launch(plans, options, min(jobs, episodes))


def _wrong(field: str, cause: str) -> CoworldError:
    return CoworldError("config_error", f"{field} is not right", cause=cause, exit_code=EXIT_USAGE)


def _words(text: str, field: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise _wrong(field, str(error)) from error


def _pairs(text: str, field: str) -> Mapping[str, str]:
    pairs: dict[str, str] = {}
    for word in _words(text, field):
        name, separator, value = word.partition("=")
        if not separator or not name:
            raise _wrong(field, "write NAME=VALUE, quoted where the value has blanks")
        pairs[name] = value
    return pairs


def _whole(text: str, field: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= _MOST_EPISODES:
        raise _wrong(field, f"a whole number from 1 to {_MOST_EPISODES} is needed")
    return int(text)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise _wrong("timeout", "a number of seconds is needed") from error
    if not 0 < value < 10_000_000:
        raise _wrong("timeout", "it must be above 0")
    return value
