"""Who the server takes us for, which the saved login alone cannot tell (hosted.md 1.5, 9)."""

from __future__ import annotations

from dataclasses import dataclass

from ..contract.text import safe_line
from .client import Observatory
from .identity import login_step
from .models.actions import WhoAmI
from .reading import as_model
from .refusals import Refusal

_PATH = "/whoami"
_SHOWN = 60


@dataclass(frozen=True)
class Acting:
    """Who acts on ``server``, in the server's own words; ``name`` and ``subject_id`` are safe to show.

    ``kind`` is ``user``, ``player``, ``anonymous``, or what a newer server says. A token the server does
    not know is no error to it but somebody anonymous: ``is_anonymous_despite_token``. ``note`` is why the
    saved login is not somebody else: a player's session that expired, for one.
    """

    server: str
    kind: str
    name: str
    subject_id: str
    is_anonymous_despite_token: bool
    note: str

    @property
    def label(self) -> str:
        """``user Sam (usr_...)``, as short as it can be; ``nobody``."""
        if self.kind == "anonymous":
            return "nobody"
        if not self.subject_id or not self.name:
            return f"{self.kind} {self.name or self.subject_id}".rstrip()
        return f"{self.kind} {self.name} ({self.subject_id})"

    @property
    def problem(self) -> str:
        """A sentence on what is wrong with the login, and what to do; empty when it is accepted."""
        if not self.is_anonymous_despite_token:
            return ""
        return f"The server does not know the saved login and takes us for nobody: {login_step(self.server)}"


async def who(client: Observatory) -> Acting:
    """Ask the server who we are to it. Errors as for ``Observatory.get``, but none for a bad token."""
    identity = client.identity
    try:
        said = as_model(WhoAmI, (await client.get(_PATH)).data, _PATH)
    except Refusal as refused:
        if refused.status != 401:
            raise
        said = WhoAmI(subject_type="anonymous")
    is_anonymous = said.subject_type == "anonymous"
    name = "" if is_anonymous else said.name or said.user_email or ""
    return Acting(
        server=client.server,
        kind=safe_line(said.subject_type, _SHOWN),
        name=safe_line(name, _SHOWN),
        subject_id=safe_line(said.subject_id or "", _SHOWN),
        is_anonymous_despite_token=is_anonymous and bool(identity.token),
        note=identity.note,
    )
