"""Every key of the console, once: bindings, footer, help, palette, ``keys`` and the README come from here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

PLACE = "{key}"
"""Stands in an action for the key that was pressed. Such keys come together and cannot be remapped."""


class Key(NamedTuple):
    """``id`` names it for remapping (``[keys]`` in the settings); ``scope`` is where it works."""

    id: str
    key: str
    action: str
    title: str
    help: str
    scope: str
    show: bool = True
    footer: str = ""

    @property
    def label(self) -> str:
        """All its keys as people write them."""
        if PLACE in self.action:
            return self.footer
        return " ".join(_written(part) for part in self.key.split(","))

    @property
    def short(self) -> str:
        """What the footer shows: ``footer`` when it is given, else the first key."""
        return self.footer or _written(self.key.partition(",")[0])


KEYS = (
    Key("run", "r", "launch", "run", "open the launch form for this package", "manifest"),
    Key(
        "run-again",
        "R",
        "run_again",
        "run again",
        "launch the last run of this package once more",
        "manifest",
    ),
    Key("play", "p", "play", "play", "start game and players, and show the links to join", "manifest"),
    Key("certify", "c", "certify", "certify", "take the package through certification", "manifest"),
    Key(
        "config",
        "m",
        "config",
        "config",
        "build a configuration from the schema; launch or save it",
        "manifest",
    ),
    Key("live", "l", "live", "live", "go to the episodes of this session", "manifest"),
    Key("open", "o", "open_path", "open", "open a manifest file or package folder", "manifest", False),
    Key("package-tab", "t", "next_tab(1)", "tab", "the next tab of the package", "manifest"),
    Key("package-tab-back", "T", "next_tab(-1)", "tab before", "the tab before", "manifest", False),
    Key("overview", "i", "tab('overview')", "overview", "show the overview", "manifest", False),
    Key("variants", "v", "tab('variants')", "variants", "show the variants", "manifest"),
    Key("roles", "w", "tab('roles')", "roles", "show who takes part", "manifest", False),
    Key("docs", "d", "tab('docs')", "docs", "show the documents", "manifest"),
    Key(
        "schemas",
        "s",
        "tab('schemas')",
        "schemas",
        "show the schemas; enter shows them raw",
        "manifest",
        False,
    ),
    Key("findings", "f", "tab('findings')", "findings", "show what each generation refuses", "manifest"),
    Key("runs", "u", "tab('runs')", "runs", "show the latest runs", "manifest", False),
    Key("edit", "e", "edit", "edit", "open the manifest in $EDITOR; the screen follows the file", "manifest"),
    Key("build", "b", "build", "build", "build images and manifest of a project", "manifest", False),
    Key("new", "N", "new", "new", "write a small player or Coworld to start from", "manifest", False),
    Key("copy-package", "y", "copy", "copy", "copy what the tab says", "manifest", False),
    Key("replays", "3", "replays", "replays", "runs, downloads and bundles to look back at", "manifest"),
    Key("league", "2", "league", "league", "leagues of the server", "manifest"),
    Key("filter", "slash", "filter", "filter", "filter the packages", "manifest"),
    Key("reload", "f5", "reload", "reload", "look for packages again", "manifest", False),
    Key("pause", "space", "pause", "pause", "freeze the view; everything is still recorded", "live"),
    Key("back", "left,comma,left_square_bracket", "step(-1)", "seek", "one frame back", "live", footer="←→"),
    Key(
        "forward", "right,full_stop,right_square_bracket", "step(1)", "forward", "one frame on", "live", False
    ),
    Key("back-far", "shift+left", "leap(-0.1)", "back 10 %", "a tenth of the recording back", "live", False),
    Key("forward-far", "shift+right", "leap(0.1)", "forward 10 %", "a tenth on", "live", False),
    Key("first", "home", "seek(0.0)", "first", "the first frame", "live", False),
    Key("follow", "f,end", "follow", "live", "back to the newest frame", "live"),
    Key("lens", "v", "lens", "lens", "the next way to look at a frame", "live", False),
    Key("tabs", "t", "next_tab", "tab", "the next tab of the lower pane", "live"),
    Key(
        "tabs-back",
        "T",
        "previous_tab",
        "previous tab",
        "the previous tab of the lower pane",
        "live",
        False,
    ),
    Key("zoom", "z", "zoom", "zoom", "give the whole window to the focused pane", "live", False),
    Key("episode-next", "n", "episode(1)", "next episode", "the next episode", "live", False),
    Key("episode-previous", "N", "episode(-1)", "previous episode", "the previous episode", "live", False),
    Key("links", "l", "links", "links", "browser links of players, viewer and admin", "live"),
    Key("open-replay", "enter", "replay", "replay", "open the replay of an episode that has ended", "live"),
    Key("stop", "x", "stop", "stop", "stop the episode; asks once", "live"),
    Key("copy", "y", "copy", "copy", "copy the run's folder", "live", False),
    Key("leave", "q,escape", "leave", "back", "back to the packages; episodes go on", "live"),
    Key("pan-left", "H", "pan(-4,0)", "pan left", "move a large board", "live", False),
    Key("pan-down", "J", "pan(0,2)", "pan down", "move a large board", "live", False),
    Key("pan-up", "K", "pan(0,-2)", "pan up", "move a large board", "live", False),
    Key("pan-right", "L", "pan(4,0)", "pan right", "move a large board", "live", False),
    Key("certify-replay", "enter", "replay", "replay", "open the replay of the smoke episode", "certify"),
    Key("certify-lens", "v", "lens", "lens", "the next way to look at a frame", "certify"),
    Key("certify-stop", "x", "stop", "stop", "stop certifying", "certify"),
    Key("certify-again", "c", "again", "again", "certify once more", "certify"),
    Key("certify-copy", "y", "copy", "copy report", "copy where the report lies", "certify"),
    Key("certify-leave", "q,escape", "leave", "back", "back to the package; it goes on", "certify"),
    Key(
        "league-open",
        "enter",
        "open",
        "open",
        "a division, a round's episodes, an episode's replay",
        "league",
    ),
    Key("league-tab", "t", "next_tab(1)", "tab", "the next list", "league"),
    Key("league-tab-back", "T", "next_tab(-1)", "tab before", "the list before", "league", False),
    Key("league-why", "w", "why", "why", "what failed and why; once more the row itself", "league"),
    Key(
        "league-download",
        "d",
        "download",
        "download",
        "the replay of this episode, for the library",
        "league",
    ),
    Key("league-download-all", "D", "download_all", "all", "fetch all replays of the list", "league"),
    Key("league-logs", "l", "logs", "logs", "the logs of this episode", "league"),
    Key("league-bundle", "b", "bundle", "bundle", "this episode as a bundle file", "league"),
    Key("league-rerun", "R", "rerun", "rerun", "play this configuration here", "league"),
    Key("league-submit", "s", "submit", "submit", "hand in one of your policies to this league", "league"),
    Key("league-upload", "u", "upload", "upload", "upload an image as a new policy version", "league"),
    Key("league-champion", "C", "champion", "champion", "let this seat stand for its player", "league"),
    Key("league-retire", "X", "retire", "retire", "take this seat out of its league", "league"),
    Key("league-filter", "slash", "filter", "filter", "words to look for in all of a row", "league"),
    Key("league-mine", "m", "mine", "mine", "only rows that name something of yours", "league"),
    Key(
        "league-sort",
        "S",
        "sort",
        "sort",
        "sort by the next column",
        "league",
        False,
    ),
    Key("league-copy", "y", "copy", "copy id", "copy the id of this row", "league"),
    Key("league-link", "o", "link", "web link", "say and copy the address of its web page", "league", False),
    Key("league-pause", "p", "pause", "pause", "stop asking the server again, or go on", "league", False),
    Key("league-refresh", "f5", "refresh", "refresh", "ask the server now", "league", False),
    Key("league-stop", "x", "stop", "stop", "stop what is under way", "league", False),
    Key("league-packages", "1", "packages", "packages", "the packages of this machine", "league", False),
    Key("league-replays", "3", "replays", "replays", "runs, downloads and bundles", "league", False),
    Key(
        "league-up",
        "escape,left",
        "up",
        "up",
        "from episodes to rounds, from lists to leagues",
        "league",
        False,
    ),
    Key("league-leave", "q", "leave", "back", "back to where you came from", "league", False),
    Key("library-open", "enter", "open", "open", "open the replay under the cursor", "library"),
    Key(
        "library-filter", "slash", "filter", "filter", "words to look for in game, players, place", "library"
    ),
    Key("library-forget", "escape", "forget", "all", "forget the filter", "library", False),
    Key("library-sort", "o", "sort", "sort", "sort by age, game, score, length, kind", "library"),
    Key("library-reload", "f5", "reload", "reload", "look for replays again", "library"),
    Key("library-packages", "1", "packages", "packages", "the packages of this machine", "library", False),
    Key("library-league", "2", "league", "league", "leagues of the server", "library", False),
    Key("play-frames", "space", "play", "play", "play or pause", "replay"),
    Key(
        "frame-back",
        "left,comma,left_square_bracket",
        "step(-1)",
        "step",
        "one frame back",
        "replay",
        footer="←→",
    ),
    Key(
        "frame-on",
        "right,full_stop,right_square_bracket",
        "step(1)",
        "step on",
        "one frame on",
        "replay",
        False,
    ),
    Key("tenth-back", "shift+left", "leap(-0.1)", "back 10 %", "a tenth of the replay back", "replay", False),
    Key("tenth-on", "shift+right", "leap(0.1)", "on 10 %", "a tenth of the replay on", "replay", False),
    Key("first-frame", "home", "share(0.0)", "first", "the first frame", "replay", False),
    Key("last-frame", "end", "share(1.0)", "last", "the last frame", "replay", False),
    Key(
        "tenths",
        "0,1,2,3,4,5,6,7,8,9",
        f"tenth({PLACE})",
        "jump",
        "jump to 0 %, 10 % … 90 %",
        "replay",
        False,
        footer="0–9",
    ),
    Key("slower", "minus", "speed(-1)", "speed", "half the speed", "replay", footer="- ="),
    Key("faster", "equals_sign,plus", "speed(1)", "faster", "twice the speed, up to 64x", "replay", False),
    Key("loop", "r", "loop", "loop", "begin anew at the end", "replay", False),
    Key("event-next", "n", "event(1)", "event", "the next event", "replay", footer="n p"),
    Key("event-previous", "p", "event(-1)", "event before", "the event before", "replay", False),
    Key("go-to-tick", "g", "go_to_tick", "go to", "go to a tick", "replay"),
    Key(
        "find", "slash", "find", "find", "find text, or a value: scores.0 > 10, positions.1 changed", "replay"
    ),
    Key("find-next", "f", "find_again(1)", "find next", "the next frame that matches", "replay", False),
    Key(
        "find-previous",
        "F",
        "find_again(-1)",
        "find before",
        "the frame before that matches",
        "replay",
        False,
    ),
    Key("mark", "m", "mark", "mark", "set a marker here; once more takes it away", "replay"),
    Key("marks", "apostrophe", "marks", "markers", "the next marker, round the end", "replay", False),
    Key("replay-lens", "v", "lens", "lens", "the next way to look at a frame", "replay"),
    Key("layer", "L", "layer", "layer", "the next layer of the board alone, then all again", "replay", False),
    Key("split", "V", "split", "split", "two lenses side by side", "replay", False),
    Key("compare", "c", "compare", "compare", "another replay beside this one, tick by tick", "replay"),
    Key("inspect-next", "t", "tab(1)", "tab", "the next tab of the inspector", "replay"),
    Key("inspect-previous", "T", "tab(-1)", "tab before", "the tab before", "replay", False),
    Key(
        "series",
        "a",
        "follow",
        "series",
        "follow the number under the cursor of the tree, or drop it again",
        "replay",
        False,
    ),
    Key("chart", "A", "chart", "chart", "the next of the followed series on the timeline", "replay", False),
    Key("library", "b", "library", "library", "show or hide the list of replays", "replay"),
    Key("replay-zoom", "z", "zoom", "zoom", "give the whole window to the frame", "replay", False),
    Key("copy-value", "y", "copy_value", "copy", "copy the value under the cursor", "replay"),
    Key("copy-frame", "Y", "copy_frame", "copy frame", "copy the frame as text", "replay", False),
    Key("save-frame", "s", "save_frame", "save frame", "save the frame's bytes to a file", "replay", False),
    Key("pager", "o", "pager", "pager", "open the frame in $PAGER", "replay", False),
    Key("export", "E", "export", "export", "frames, series, stats, a cast or a picture to a file", "replay"),
    Key(
        "grade",
        "G",
        "judge('grader')",
        "grade",
        "the package's grader scores this episode",
        "replay",
        False,
    ),
    Key(
        "diagnose",
        "D",
        "judge('diagnoser')",
        "diagnose",
        "its diagnoser looks at a policy",
        "replay",
        False,
    ),
    Key("report", "P", "judge('reporter')", "report", "its reporter writes about it", "replay", False),
    Key("optimize", "O", "judge('optimizer')", "optimize", "its optimizer plans from it", "replay", False),
    Key("replay-left", "h", "pan(-4,0)", "pan left", "move a large board", "replay", False),
    Key("replay-down", "j", "pan(0,2)", "pan down", "move a large board", "replay", False),
    Key("replay-up", "k", "pan(0,-2)", "pan up", "move a large board", "replay", False),
    Key("replay-right", "l", "pan(4,0)", "pan right", "move a large board", "replay", False),
    Key("replay-leave", "q,escape", "leave", "back", "back; where you were is remembered", "replay", False),
    Key("help", "question_mark", "help", "help", "the keys that work here", "everywhere"),
    Key("palette", "ctrl+p", "command_palette", "palette", "every command, by name", "everywhere", False),
    Key("theme", "ctrl+t", "next_theme", "theme", "the next theme", "everywhere", False),
    Key(
        "quit",
        "ctrl+q",
        "quit",
        "quit",
        "leave; asks what to do with running episodes",
        "everywhere",
        footer="^q",
    ),
)

_NAMES = {
    "slash": "/",
    "comma": ",",
    "full_stop": ".",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "question_mark": "?",
    "left": "←",
    "right": "→",
    "shift+left": "shift ←",
    "shift+right": "shift →",
    "minus": "-",
    "equals_sign": "=",
    "plus": "+",
    "apostrophe": "'",
}


def of_scope(scope: str) -> Iterator[Key]:
    """The keys of one scope, in order."""
    return (key for key in KEYS if key.scope == scope)


def _written(key: str) -> str:
    """A key as people write it: ``slash`` is ``/``."""
    return _NAMES.get(key, key.replace("ctrl+", "ctrl "))


def table() -> list[str]:
    """The Markdown table of all keys."""
    rows = ["| where | key | does | id |", "|---|---|---|---|"]
    rows += [f"| {key.scope} | `{key.label}` | {key.help} | `{key.id}` |" for key in KEYS]
    return rows
