"""Compose files: the images they name, their variables, and what is refused by name."""

from __future__ import annotations

import tempfile
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coworld_tui.contract.compose import Service, read_compose
from coworld_tui.contract.compose_variables import BadVariable, read_env_file, substitute
from coworld_tui.contract.errors import EXIT_USAGE, CoworldError

Environment = dict[str, str]


def read(folder: Path, text: str, environment: Environment | None = None) -> tuple[Service, ...]:
    path = folder / "compose.yaml"
    path.write_text(text)
    return read_compose(path, environment or {})


def only(folder: Path, build: str, environment: Environment | None = None) -> Service:
    (service,) = read(folder, f"services:\n  game:\n    image: game:1\n    {build}\n", environment)
    return service


def refusal(folder: Path, text: str, environment: Environment | None = None) -> str:
    with pytest.raises(CoworldError) as caught:
        read(folder, text, environment)
    assert (caught.value.type, caught.value.exit_code) == ("compose_invalid", EXIT_USAGE)
    assert caught.value.next_step
    return caught.value.cause


def test_services_with_and_without_a_build(tmp_path: Path) -> None:
    services = read(
        tmp_path,
        """
name: whatever
x-common: &common
  platform: linux/amd64
  environment: {A: b}
services:
  my-game:
    <<: *common
    image: game:latest
    ports: ["8080:8080"]
    build:
      context: ./game
      dockerfile: ../Dockerfile.game
      target: final
      args: {VERSION: 1.10, DEBUG: yes, EMPTY: "", FROM_SHELL: }
  judge:
    image: ghcr.io/acme/judge:latest
    pull_policy: never
""",
        {"FROM_SHELL": "here"},
    )
    game, judge = services
    assert (game.name, game.image, game.platform) == ("my-game", "game:latest", "linux/amd64")
    assert game.placeholder == "{{MY_GAME_IMAGE}}"
    assert game.build is not None
    assert game.build.context == tmp_path.resolve() / "game"
    assert (game.build.dockerfile, game.build.target) == ("../Dockerfile.game", "final")
    assert game.build.args == {"VERSION": "1.10", "DEBUG": "yes", "EMPTY": "", "FROM_SHELL": "here"}
    assert game.build.platform == "linux/amd64"
    assert (judge.build, judge.is_pulled) == (None, False)


def test_a_build_may_be_a_folder_and_arguments_a_list(tmp_path: Path) -> None:
    short = only(tmp_path, "build: ./game").build
    assert short is not None
    assert (short.context, short.dockerfile) == (tmp_path.resolve() / "game", "Dockerfile")
    listed = only(tmp_path, "build: {args: ['A=1=2', B, C]}", {"B": "shell"}).build
    assert listed is not None
    assert listed.args == {"A": "1=2", "B": "shell"}


def test_services_of_inactive_profiles_are_left_out(tmp_path: Path) -> None:
    text = "services: {a: {image: a}, b: {image: b, profiles: [tools]}}"
    assert [service.name for service in read(tmp_path, text)] == ["a"]
    assert len(read(tmp_path, text, {"COMPOSE_PROFILES": "other,tools"})) == 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("services: {a: {image: a, extends: b}}", "services.a uses extends"),
        ("include: [b.yaml]\nservices: {a: {image: a}}", "include"),
        ("services: {a: {image: a, build: {ssh: [default]}}}", "services.a.build uses ssh"),
        ("services: {a: {image: a, build: {dockerfile_inline: FROM x}}}", "dockerfile_inline"),
        ("services: {a: {image: a, build: https://example.com/x.git}}", "only folders"),
        ("services: {a: {image: a, build: {platforms: [linux/amd64, linux/arm64]}}}", "several platforms"),
        (
            "services: {a: {image: a, platform: linux/arm64, build: {platforms: [linux/amd64]}}}",
            "does not list the service's own platform",
        ),
        ("services: {a: {build: .}}", "services.a has no image"),
        ("services: {a-b: {image: a}, a_b: {image: b}}", "both of which are {{A_B_IMAGE}}"),
        ("services: {a: {image: [1]}}", "services.a.image is not text"),
        ("services: {'a b': {image: x}}", "name cannot be used"),
        ("services: {a: {image: x}}\nservices: {b: {image: y}}", "services is there twice"),
        ("services: []", "has no services"),
        ("[1, 2]", "not a mapping"),
        ("services: {a: !reset {image: x}}", "not YAML that can be read"),
        ("services: {a: {image: '${'}}", "services.a.image has ${ without }"),
        ("services: {a: {image: '${TAG:?say which}'}}", "needs the variable TAG: say which"),
        ('services: {a: {image: "x\\0y"}}', "null character"),
        ("a: &a {<<: *a}", "has no services"),
        ("[" * 5000, "nested too deeply"),
        ("x" * 300_000, "larger than 256 KiB"),
        ("services: {a: {image: !!int 5}}", "could not determine a constructor"),
    ],
    ids=lambda text: text[:40],
)
def test_what_is_not_supported_is_named(tmp_path: Path, text: str, says: str) -> None:
    assert says in refusal(tmp_path, text)


def test_a_few_aliases_cannot_ask_for_millions_of_keys(tmp_path: Path) -> None:
    levels = ["k0: &k0 {a: 1, b: 2, c: 3, d: 4}"]
    levels += [f"k{n}: &k{n} {{<<: [{', '.join([f'*k{n - 1}'] * 20)}]}}" for n in range(1, 9)]
    assert "too many merged keys" in refusal(tmp_path, "\n".join(levels))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CoworldError, match="there is no compose file") as caught:
        read_compose(tmp_path / "compose.yaml", {})
    assert (caught.value.type, caught.value.exit_code) == ("compose_missing", EXIT_USAGE)


def test_variables_come_from_the_environment_before_the_env_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("TAG=file\nNAME=game # comment\n")
    text = "services: {a: {image: '${NAME}:${TAG:-none}'}}"
    assert read(tmp_path, text)[0].image == "game:file"
    assert read(tmp_path, text, {"TAG": "shell"})[0].image == "game:shell"
    (tmp_path / ".env").write_text("NAME=game\n=broken\n")
    assert "an .env beside it that line 2 is not NAME=VALUE" in refusal(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$SET-${SET}", "here-here"),
        ("$UNSET|${UNSET}", "|"),
        ("${UNSET:-a ${SET} b}", "a here b"),
        ("${EMPTY:-x}${EMPTY-y}", "x"),
        ("${SET:+z}${EMPTY:+z}${EMPTY+w}", "zw"),
        ("$${SET}", "${SET}"),
        ("${SET:?no}", "here"),
    ],
)
def test_references(text: str, value: str) -> None:
    assert substitute(text, {"SET": "here", "EMPTY": ""}) == value


def test_references_cannot_grow_without_bound() -> None:
    lines = ["A=0123456789", *(f"{name}={f'${before}' * 10}" for before, name in pairwise("ABCDEFGHIJ"))]
    with pytest.raises(BadVariable, match="longer than"):
        read_env_file("\n".join(lines), {})
    with pytest.raises(BadVariable, match="too deeply"):
        substitute("${A:-" * 100 + "}" * 100, {})


def test_an_env_file() -> None:
    text = "\n".join(
        [
            "# comment",
            "export PLAIN = some words  # and why",
            "SINGLE='$PLAIN \\n'",
            'DOUBLE="$PLAIN\\n\\$5"',
            "NAME_ONLY",
            "URL=http://x/#anchor",
        ]
    )
    assert read_env_file(text, {"PLAIN": "shell"}) == {
        "PLAIN": "some words",
        "SINGLE": "$PLAIN \\n",
        "DOUBLE": "shell\n$5",
        "URL": "http://x/#anchor",
    }


_WORDS = "services: a: image: build: args: - { } [ ] &x *x <<: ${A:- $ ' \" !!int | > ? # é null 1.10"
_PIECES = st.sampled_from([*_WORDS.split(), " ", "  ", "\n", "\t", "\0"])


@given(
    st.one_of(
        st.binary(max_size=80), st.lists(_PIECES, max_size=40).map(lambda parts: "".join(parts).encode())
    )
)
def test_any_bytes_are_services_or_one_sentence(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "compose.yaml")
        path.write_bytes(data)
        try:
            services = read_compose(path, {})
        except CoworldError as error:
            assert error.cause.isprintable()
        else:
            assert all(service.image for service in services)
