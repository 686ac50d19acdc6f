"""Policies of images and of files, beside what the published client sends for the same."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from coworld_tui.contract.errors import CoworldError
from coworld_tui.observatory.models.uploads import UploadedPolicy
from coworld_tui.observatory.policy_environment import https_names, llm_names
from coworld_tui.observatory.policy_upload import (
    FilePolicy,
    ImagePolicy,
    ready_file,
    ready_image,
    upload_policy,
)
from coworld_tui.runner.docker_engine import connect

from .faults import DETAILS
from .registry import Registry
from .server import Observatory
from .uploading import quiet, signed_in, uploads_of

SECRET = "s3cret-value-9c1"


async def sent(observatory: Observatory, login: Path, policy: ImagePolicy | FilePolicy) -> UploadedPolicy:
    """Upload it as the commands do."""
    if isinstance(policy, FilePolicy):
        ready: Any = await ready_file(policy)
    else:
        ready = await ready_image(await connect(), policy)
    assert SECRET not in " ".join(ready.describe()) + repr(ready)
    async with signed_in(observatory, login) as client:
        return await upload_policy(client, ready, quiet)


@pytest.mark.docker
async def test_an_image_becomes_a_policy_version_with_all_that_belongs_to_it(
    observatory: Observatory, login: Path, registry: Registry, small_image: str
) -> None:
    policy = ImagePolicy(
        small_image,
        "mine",
        run=("python", "-m", "player"),
        resources={"requests": {"cpu": "2"}},
        startup={"port": 8080, "path": "/healthz", "timeout_seconds": 1200},
        secret_env={"API_KEY": SECRET},
        tags={"purpose": "test"},
    )
    first = await sent(observatory, login, policy)
    again = await sent(observatory, login, policy)
    assert (first.name, first.version, again.version) == ("mine", 1, 2)
    uploads = uploads_of(observatory)
    body = uploads.policies[first.id]
    assert uploads.secrets[body.pop("policy_secret_env_id")] == {"API_KEY": SECRET}
    assert body.pop("container_image_id") in observatory.state.images
    assert body == {
        "name": "mine",
        "run": ["python", "-m", "player"],
        "resources": {"requests": {"cpu": "2"}},
        "startup": {"port": 8080, "path": "/healthz", "timeout_seconds": 1200},
        "tags": {"purpose": "test"},
    }
    assert list(registry.manifests) == [(f"softmax/{next(reversed(observatory.state.images))}", "latest")]


@pytest.mark.docker
async def test_without_a_name_the_server_gives_one(
    observatory: Observatory, login: Path, registry: Registry, small_image: str
) -> None:
    version = await sent(observatory, login, ImagePolicy(small_image))
    assert (version.name, version.version) == ("juniper", 1)
    assert uploads_of(observatory).policies[version.id].keys() == {"container_image_id"}


@pytest.mark.docker
@pytest.mark.parametrize("kind", ["500", "422", "403"])
async def test_secrets_are_in_no_error(
    observatory: Observatory,
    login: Path,
    registry: Registry,
    small_image: str,
    kind: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    observatory.fault("/stats/policy-secret-envs", kind, math.inf)
    monkeypatch.setitem(DETAILS, kind, f"cannot keep {SECRET} for you")
    with pytest.raises(CoworldError) as caught:
        await sent(observatory, login, ImagePolicy(small_image, secret_env={"K": SECRET}))
    assert "cannot keep [redacted] for you" in caught.value.cause
    assert SECRET not in f"{caught.value!r} {caught.value.as_dict()}"


@pytest.mark.docker
async def test_the_key_of_a_model_is_in_no_error_either(
    observatory: Observatory,
    login: Path,
    registry: Registry,
    small_image: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It lies within the value of a name, and a server may say only that."""
    observatory.fault("/stats/policy-secret-envs", "422", math.inf)
    monkeypatch.setitem(DETAILS, "422", f"the model refuses {SECRET}")
    secrets = llm_names("m", "https://llm.example.com/v1", SECRET)
    with pytest.raises(CoworldError) as caught:
        await sent(observatory, login, ImagePolicy(small_image, secret_env=secrets))
    assert "the model refuses [redacted]" in caught.value.cause
    assert SECRET not in f"{caught.value!r} {caught.value.as_dict()}"


@pytest.mark.docker
async def test_an_answer_that_got_lost_is_not_asked_for_again(
    observatory: Observatory, login: Path, registry: Registry, small_image: str
) -> None:
    observatory.fault("/stats/policies/docker-img/complete", "cut_body")
    with pytest.raises(CoworldError) as caught:
        await sent(observatory, login, ImagePolicy(small_image, "mine"))
    assert (caught.value.type, caught.value.exit_code) == ("outcome_unknown", 3)
    assert "coworld-tui league policies mine" in caught.value.next_step
    assert len(observatory.asked("/stats/policies/docker-img/complete")) == 1
    assert observatory.state.policy_version("mine:v1")


@pytest.mark.docker
@pytest.mark.parametrize("kind", ["409", "422"])
async def test_what_the_server_refuses_it_says_why(
    observatory: Observatory, login: Path, registry: Registry, small_image: str, kind: Any
) -> None:
    observatory.fault("/stats/policies/docker-img/complete", kind)
    with pytest.raises(CoworldError) as caught:
        await sent(observatory, login, ImagePolicy(small_image))
    reason = {"409": "already completed", "422": "Input should be less"}[kind]
    assert reason in caught.value.cause
    assert "request id req_" in caught.value.cause


@pytest.mark.docker
@pytest.mark.parametrize(
    "policy",
    [
        ImagePolicy("x", run=("python -m player",)),
        ImagePolicy("x", run=("",)),
        ImagePolicy("x", secret_env={"A B": "x"}),
        ImagePolicy("x", secret_env={"": "x"}),
    ],
)
async def test_what_is_refused_before_anything_is_sent(policy: ImagePolicy) -> None:
    with pytest.raises(CoworldError) as caught:
        await ready_image(await connect(), policy)
    assert (caught.value.type, caught.value.exit_code) == ("invalid_request", 2)


@pytest.mark.docker
@pytest.mark.parametrize(
    "info",
    [7, {}, {"registry": "x y"}, {"registry": "host", "repository": "a", "tag": "b"}],
    ids=["number", "empty", "no host", "no token"],
)
async def test_a_server_that_says_nothing_of_the_registry(
    observatory: Observatory,
    login: Path,
    registry: Registry,
    small_image: str,
    info: Any,
) -> None:
    """Above all it is not taken for one that has the image."""
    target = uploads_of(observatory).registry
    assert target is not None
    target.says = info
    with pytest.raises(CoworldError) as caught:
        await sent(observatory, login, ImagePolicy(small_image))
    assert (caught.value.type, caught.value.exit_code) == ("bad_answer", 3)
    assert registry.asked == []


async def test_a_file_becomes_a_policy_version_and_the_same_bytes_the_same(
    observatory: Observatory, login: Path, tmp_path: Path
) -> None:
    (tmp_path / "player.py").write_text("print('hello')")
    policy = FilePolicy(tmp_path / "player.py", "scripted", {"title": "first"})
    first = await sent(observatory, login, policy)
    again = await sent(observatory, login, policy)
    assert first == again
    assert [seen.method for seen in observatory.requests].count("PUT") == 1
    (tmp_path / "player.py").write_text("print('other')")
    assert (await sent(observatory, login, policy)).version == 2


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://llm.example.com/v1",
        "https://127.0.0.1/v1",
        "https://llm.example.com:8443/v1",
        "https://me:pw@llm.example.com/v1",
        "https://llm.example.com/v1?key=x",
        "https://localhost/v1",
        "https://[::1]/v1",
        "no address",
    ],
)
def test_endpoints_that_are_no_public_ones(endpoint: str) -> None:
    with pytest.raises(CoworldError) as caught:
        llm_names("m", endpoint, "key")
    assert caught.value.exit_code == 2
    assert "pw" not in caught.value.cause


@pytest.mark.parametrize(
    "host", ["", "x", "API.example.com", "*.example.com", "1.2.3.4", "https://a.b", "a..b"]
)
def test_hosts_that_are_none(host: str) -> None:
    with pytest.raises(CoworldError):
        https_names([host])
