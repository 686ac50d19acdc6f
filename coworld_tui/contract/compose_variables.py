"""Variables of a compose file: ``${NAME:-default}`` and its relatives, and the ``.env`` file beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping

LENGTH_LIMIT = 64 << 10
"""Longest text that substitution may make, in characters."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPERATOR = re.compile(r":?[-?+]")
_ENTRY = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_.-]*)\s*[=:]\s*(.*)", re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}
_DEPTH_LIMIT = 20


class BadVariable(ValueError):  # noqa: N818 - it names the thing, as the messages do
    """A reference or an entry that cannot be read; the message is a sentence's end."""


def substitute(text: str, variables: Mapping[str, str], depth: int = 0) -> str:
    """Return ``text`` with every reference replaced; one to an unset variable leaves nothing.

    ``$NAME``, ``${NAME}``, ``:-`` and ``-`` (default), ``:?`` and ``?`` (required), ``:+`` and
    ``+`` (instead); with a colon an empty value counts as unset. ``$$`` is a dollar sign.
    Raises BadVariable.
    """
    if depth > _DEPTH_LIMIT:
        raise BadVariable("has references nested too deeply")
    parts: list[str] = []
    length = at = 0
    while at < len(text):
        dollar = text.find("$", at)
        if dollar != at:
            dollar = len(text) if dollar < 0 else dollar
            part, at = text[at:dollar], dollar
        else:
            part, at = _reference(text, at + 1, variables, depth)
        parts.append(part)
        length += len(part)
        if length > LENGTH_LIMIT:
            raise BadVariable(f"is longer than {LENGTH_LIMIT} characters once its variables are filled in")
    return "".join(parts)


def read_env_file(text: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the entries of an ``.env`` file, which may refer to earlier ones and to ``environment``.

    Values in single quotes are taken as they are, those in double quotes have escapes. A name
    without a value is left out. Raises BadVariable.
    """
    entries: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        match = _ENTRY.fullmatch(line)
        if match is None:
            if _NAME.fullmatch(line.removeprefix("export ").strip()):
                continue
            raise BadVariable(f"line {number} is not NAME=VALUE")
        try:
            entries[match[1]] = _value(match[2], {**entries, **environment})
        except BadVariable as error:
            raise BadVariable(f"line {number} {error}") from None
    return entries


def _reference(text: str, at: int, variables: Mapping[str, str], depth: int) -> tuple[str, int]:
    """The value of the reference whose dollar sign stands before ``at``, and where the text goes on."""
    if text.startswith("$", at):
        return "$", at + 1
    if not text.startswith("{", at):
        name = _NAME.match(text, at)
        if name is None:
            raise BadVariable("has a lone $; write $$ for a dollar sign")
        return variables.get(name[0], ""), name.end()
    end = _closing(text, at)
    inner = text[at + 1 : end]
    name = _NAME.match(inner)
    if name is None:
        raise BadVariable("has ${ without a name")
    operator = _OPERATOR.match(inner, name.end())
    if operator is None and name.end() < len(inner):
        raise BadVariable(f"has ${{{name[0]}…}} with an operator that is none of :- - :? ? :+ +")
    value = variables.get(name[0])
    if operator is None:
        return value or "", end + 1
    is_set = bool(value) if operator[0].startswith(":") else value is not None
    word = inner[operator.end() :]
    if operator[0].endswith("+"):
        return (substitute(word, variables, depth + 1) if is_set else ""), end + 1
    if is_set:
        return value or "", end + 1
    if operator[0].endswith("?"):
        reason = substitute(word, variables, depth + 1)
        raise BadVariable(f"needs the variable {name[0]}" + (f": {reason}" if reason else ""))
    return substitute(word, variables, depth + 1), end + 1


def _closing(text: str, at: int) -> int:
    """Where the brace that opens at ``at`` is closed."""
    open_braces = 0
    for position in range(at, len(text)):
        if text[position] == "{" and (position == at or text[position - 1] == "$"):
            open_braces += 1
        elif text[position] == "}":
            open_braces -= 1
            if not open_braces:
                return position
    raise BadVariable("has ${ without }")


def _value(text: str, variables: Mapping[str, str]) -> str:
    quote = text[:1]
    if quote not in ("'", '"'):
        return substitute(re.split(r"\s+#", text, maxsplit=1)[0].strip(), variables)
    quoted = re.fullmatch(rf"{quote}((?:[^{quote}\\]|\\.)*){quote}\s*(?:#.*)?", text)
    if quoted is None:
        raise BadVariable("has a quote that does not end in the same line")
    if quote == "'":
        return quoted[1]
    # A dollar sign that is escaped is none of ours: doubled, substitution leaves it one.
    unescaped = re.sub(r"\\(.)", lambda escape: _unescaped(escape[1]), quoted[1])
    return substitute(unescaped, variables)


def _unescaped(character: str) -> str:
    if character == "$":
        return "$$"
    return _ESCAPES.get(character, character if character in "\"'\\" else f"\\{character}")
