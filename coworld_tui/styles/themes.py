"""The four themes: dark, light, high contrast and sixteen ANSI colours.

Beside Textual's own names every theme defines ``$ground $bar $selected $line $muted``. Themes of
Textual lack these; an app that uses them in its CSS gives defaults in ``get_theme_variable_defaults``.
``text-contrast`` is the contrast ratio which coloured text on the board and in trees keeps at least.
"""

from __future__ import annotations

from textual.theme import Theme


def _variables(
    *, ground: str, bar: str, selected: str, line: str, muted: str, text: str, accent: str, contrast: str
) -> dict[str, str]:
    return {
        "ground": ground,
        "bar": bar,
        "selected": selected,
        "line": line,
        "muted": muted,
        "text-contrast": contrast,
        "border": accent,
        "border-blurred": line,
        "block-cursor-background": selected,
        "block-cursor-foreground": text,
        "block-cursor-text-style": "bold",
        "block-cursor-blurred-background": selected,
        "block-cursor-blurred-foreground": text,
        "block-hover-background": selected,
        "footer-background": bar,
        "footer-foreground": muted,
        "footer-key-foreground": accent,
        "footer-key-background": bar,
        "footer-description-foreground": muted,
        "footer-description-background": bar,
        "footer-item-background": bar,
        "scrollbar": line,
        "scrollbar-hover": muted,
        "scrollbar-active": accent,
        "scrollbar-background": ground,
        "scrollbar-background-hover": ground,
        "scrollbar-background-active": ground,
        "scrollbar-corner-color": ground,
    }


DARK = Theme(
    name="coworld",
    primary="#4fd1c5",
    secondary="#6aa7ff",
    accent="#4fd1c5",
    warning="#f2c14e",
    error="#ef6f6c",
    success="#7bd88f",
    foreground="#d6dde6",
    background="#0e1116",
    surface="#131820",
    panel="#1a212b",
    variables=_variables(
        ground="#0e1116",
        bar="#131820",
        selected="#1a212b",
        line="#34414f",
        muted="#7c8896",
        text="#d6dde6",
        accent="#4fd1c5",
        contrast="4.5",
    ),
)

LIGHT = Theme(
    name="coworld-light",
    primary="#0f766e",
    secondary="#1d5fc4",
    accent="#0f766e",
    warning="#8a5a00",
    error="#b3261e",
    success="#1f7a37",
    foreground="#1c2430",
    background="#fbfcfd",
    surface="#f0f3f6",
    panel="#e3e9ef",
    dark=False,
    variables=_variables(
        ground="#fbfcfd",
        bar="#f0f3f6",
        selected="#e3e9ef",
        line="#b8c2cc",
        muted="#5d6976",
        text="#1c2430",
        accent="#0f766e",
        contrast="4.5",
    ),
)

CONTRAST = Theme(
    name="coworld-contrast",
    primary="#00ffe5",
    secondary="#8cc8ff",
    accent="#00ffe5",
    warning="#ffd84d",
    error="#ff8a80",
    success="#7dff9a",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#26323f",
    variables=_variables(
        ground="#000000",
        bar="#000000",
        selected="#26323f",
        line="#9aa7b4",
        muted="#c3ccd6",
        text="#ffffff",
        accent="#00ffe5",
        contrast="7",
    ),
)

ANSI = Theme(
    name="coworld-ansi",
    ansi=True,
    primary="ansi_cyan",
    secondary="ansi_blue",
    accent="ansi_cyan",
    warning="ansi_yellow",
    error="ansi_red",
    success="ansi_green",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    variables=_variables(
        ground="ansi_default",
        bar="ansi_default",
        selected="ansi_bright_black",
        line="ansi_bright_black",
        muted="ansi_default",
        text="ansi_bright_white",
        accent="ansi_cyan",
        contrast="4.5",
    )
    | {"ansi-background": "ansi_black", "ansi-foreground": "ansi_white"},
)

THEMES = (DARK, LIGHT, CONTRAST, ANSI)
