"""The line that says what is under way beside the lists: one thing at a time, which can be stopped."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeVar

from ...contract.errors import CoworldError
from ...contract.text import safe_line
from ...replay.lenses.spans import Span
from ...widgets.bars import LineBar
from ..dialogs import Question

Tell = Callable[[str], None]
"""Takes one line on how far it is."""


class Describing(Protocol):
    """Something that can be done, and says what it would do."""

    def describe(self) -> list[str]:
        """What would happen, line by line."""


_Result = TypeVar("_Result")
_Prepared = TypeVar("_Prepared", bound=Describing)


class DoingBar(LineBar):
    """Shown while something is under way; errors of it are told and end it."""

    is_busy = False

    def do(
        self,
        title: str,
        errand: Callable[[Tell], Coroutine[Any, Any, _Result]],
        then: Callable[[_Result], None],
    ) -> None:
        """Do one thing, saying how far it is, and ``then`` what follows from it."""
        if self.is_busy:
            self.notify("one thing at a time: x stops what is under way", markup=False)
            return
        self.is_busy = True
        self.run_worker(self._do(title, errand, then), group="errand")

    def ask_first(
        self,
        title: str,
        prepare: Callable[[], Coroutine[Any, Any, _Prepared]],
        run: Callable[[_Prepared, Tell], Coroutine[Any, Any, _Result]],
        then: Callable[[_Result], None],
    ) -> None:
        """Say what would happen, and do it after a yes."""

        def ask(prepared: _Prepared) -> None:
            def answered(answer: str | None) -> None:
                if answer:
                    self.do(title, lambda tell: run(prepared, tell), then)

            text = "\n".join(prepared.describe())
            self.app.push_screen(Question(title, text, [("y", "yes", "do it")]), answered)

        self.do(title, lambda _: prepare(), ask)

    def stop(self) -> None:
        """Stop what is under way."""
        self.workers.cancel_node(self)

    async def _do(
        self,
        title: str,
        errand: Callable[[Tell], Coroutine[Any, Any, _Result]],
        then: Callable[[_Result], None],
    ) -> None:
        self._tell(f"{title} …")
        try:
            result = await errand(self._tell)
        except CoworldError as error:
            self.notify(f"{error}\n{error.next_step or ''}".strip(), severity="error", markup=False)
            return
        finally:
            self.is_busy = False
            self._tell("")
        then(result)

    def _tell(self, line: str) -> None:
        self.set_class(bool(line), "-on")
        self.show((Span(f" ◐ {safe_line(line, 200)}", "accent"), Span("   x stops it", "muted")))
