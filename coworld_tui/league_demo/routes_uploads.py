"""Routes of images, policies and Coworlds that are sent (hosted.md 5)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .state import Json, State
from .wire import Asked, Refused, Reply, Route

STORE = "/storage"
"""Where signed addresses lead, beside the API."""


@dataclass
class Registry:
    """Where images are to be pushed, and what of them arrived: ``digest_of(repository, tag)``.

    ``says`` is what clients are told instead of all that, when it is not None.
    """

    host: str
    token: str
    digest_of: Callable[[str, str], str | None]
    says: Any = None


@dataclass
class Uploads:
    """What was uploaded beside the rows of the state.

    Without a ``registry`` every image counts as there already. The hosted episodes and the certification
    of a new Coworld go one step along their courses each time they are looked at.
    """

    registry: Registry | None = None
    secrets: dict[str, dict[str, str]] = field(default_factory=dict)
    policies: dict[str, Json] = field(default_factory=dict)
    """What each policy version was made of, by its id."""
    files: dict[str, bytes] = field(default_factory=dict)
    """By SHA-256 in hex."""
    signed: dict[str, int] = field(default_factory=dict)
    """Sizes that were announced, by SHA-256."""
    reporters: dict[str, list[Json]] = field(default_factory=dict)
    """Versions by the reporter's name."""
    smoke: dict[str, list[str]] = field(default_factory=dict)
    smoke_course: tuple[str, ...] = ("pending", "running", "completed")
    looks: dict[str, int] = field(default_factory=dict)
    certification_course: tuple[str, ...] = ("never_run", "queued", "certifying", "certified")
    certification_failure: Json | None = None
    bundle_course: tuple[str, ...] = ("ready",)


def image_upload(asked: Asked) -> Reply:
    """An image by the hash that its owner's engine gives it."""
    name, client_hash = _texts(asked, "name", "client_hash")
    state, uploads = asked.state, asked.state.part(Uploads)
    mine = [row for row in state.images.values() if state.owners.get(row["id"]) == asked.caller.user_id]
    image = next((row for row in mine if row["client_hash"] == client_hash), None)
    if image is None:
        image = _new_image(state, name, client_hash)
        state.owners[image["id"]] = asked.caller.user_id
    if uploads.registry is None:
        image.update(status="ready", image_digest=client_hash)
    if image["status"] == "ready":
        return Reply({"image": image, "pre_signed_info": None})
    assert uploads.registry is not None
    host = uploads.registry.host
    info = {
        "kind": "ecr",
        "region": "us-east-1",
        "registry": host,
        "repository": _repository(image),
        "tag": "latest",
        "image_uri": f"{host}/{_repository(image)}:latest",
        "endpoint_url": f"http://{host}",
        "authorization_token": uploads.registry.token,
    }
    says = uploads.registry.says
    return Reply({"image": image, "pre_signed_info": info if says is None else says})


def image_complete(asked: Asked) -> Reply:
    """The push of an image is over."""
    (image_id,) = _texts(asked, "id")
    image = asked.state.images.get(image_id)
    if image is None:
        raise Refused(404, "Image not found")
    registry = asked.state.part(Uploads).registry
    digest = registry.digest_of(_repository(image), "latest") if registry is not None else None
    if digest is None:
        raise Refused(409, "The image has not been pushed")
    image.update(status="ready", image_digest=digest)
    return Reply(image)


def secret_env(asked: Asked) -> Reply:
    """Keep the secrets of a policy."""
    values = _body(asked).get("policy_secret_env")
    if not isinstance(values, dict):
        raise _missing("policy_secret_env")
    secret_id = asked.state.new_id()
    asked.state.part(Uploads).secrets[secret_id] = values
    return Reply({"id": secret_id})


def image_policy(asked: Asked) -> Reply:
    """Make a policy version of an image."""
    body = _body(asked)
    image = asked.state.images.get(str(body.get("container_image_id")))
    if image is None:
        raise Refused(404, "Image not found")
    if image["status"] != "ready":
        raise Refused(409, "The image is not ready")
    secret = body.get("policy_secret_env_id")
    if secret is not None and secret not in asked.state.part(Uploads).secrets:
        raise Refused(404, "Secrets not found")
    return Reply(_new_version(asked, body))


def file_upload(asked: Asked) -> Reply:
    """A place for the file of a policy; a conflict when it is there."""
    return Reply({"upload_url": _signed(asked, conflict=True), "existing_policy_version": None})


def file_policy(asked: Asked) -> Reply:
    """Make a policy version of a file; the same name and bytes are the same version."""
    body = _body(asked)
    uploads = asked.state.part(Uploads)
    if body.get("content_hash") not in uploads.files:
        raise Refused(409, "The file has not been uploaded")
    for version_id, made_of in uploads.policies.items():
        if made_of == body:
            return Reply(_shown(asked.state.policy_versions[version_id]))
    return Reply(_new_version(asked, body))


def player_file(asked: Asked) -> Reply:
    """A place for a file that a Coworld names."""
    return Reply({"upload_url": _signed(asked)})


def bundle_upload(asked: Asked) -> Reply:
    """A place for a replay viewer."""
    return Reply({"bundle": f"sha256:{_body(asked).get('content_hash')}", "upload_url": _signed(asked)})


def bundle_complete(asked: Asked) -> Reply:
    """Unpack a replay viewer."""
    content = str(_body(asked).get("content_hash"))
    return _bundle(asked, content)


def bundle(asked: Asked) -> Reply:
    """How far the unpacking of a replay viewer is."""
    return _bundle(asked, asked.path["content_hash"])


def reporter_register(asked: Asked) -> Reply:
    """Make a reporter known, or change how it is described."""
    (name,) = _texts(asked, "name")
    reporters = asked.state.part(Uploads).reporters
    is_new = name not in reporters
    reporters.setdefault(name, [])
    key = "rptr-key" if is_new else None
    user_id = asked.caller.user_id
    reporter_id = asked.state.new_id("rptr")
    return Reply(
        {"id": reporter_id, "name": name, "user_id": user_id, "created": is_new, "reporter_key": key}
    )


def reporter_upload(asked: Asked) -> Reply:
    """A place for the component of a reporter, or the version it is already."""
    name, content = _texts(asked, "name", "content_hash")
    versions = asked.state.part(Uploads).reporters.get(name)
    if versions is None:
        raise Refused(404, "Reporter not found")
    known = next((row for row in versions if row["content_hash"] == content), None)
    return Reply({"upload_url": None if known else _signed(asked), "existing_version": known})


def reporter_complete(asked: Asked) -> Reply:
    """Make a version of a reporter."""
    name, content = _texts(asked, "name", "content_hash")
    uploads = asked.state.part(Uploads)
    if content not in uploads.files:
        raise Refused(409, "The component has not been uploaded")
    versions = uploads.reporters[name]
    version_id = asked.state.new_id("rv")
    row = {"id": version_id, "name": name, "version": len(versions) + 1, "content_hash": content}
    versions.append(row)
    return Reply({"version": row})


def coworld_upload(asked: Asked) -> Reply:
    """A version of a Coworld. It is there at once and canonical only when it has proved itself."""
    body = _body(asked)
    manifest = body.get("manifest")
    game = manifest.get("game") if isinstance(manifest, dict) else None
    if not isinstance(manifest, dict) or not isinstance(game, dict):
        raise _missing("manifest")
    name, version = game.get("name"), game.get("version")
    state = asked.state
    if any((row["name"], row["version"]) == (name, version) for row in state.coworlds.values()):
        raise Refused(409, f"Coworld {name} {version} already exists")
    image = game.get("runnable", {}).get("image")
    if image not in state.images:
        raise Refused(422, f"game.runnable.image {image} is no uploaded image")
    like = next(iter(state.coworlds.values()))
    coworld_id = state.new_id("cow")
    row = {
        **like,
        "id": coworld_id,
        "name": name,
        "version": version,
        "visibility": body.get("visibility") or "public",
        "manifest": manifest,
        "manifest_hash": f"sha256:{hashlib.sha256(asked.body).hexdigest()}",
        "size_bytes": len(asked.body),
        "created_at": state.stamp(),
        "canonical": False,
    }
    state.coworlds[coworld_id] = row
    if row["visibility"] == "private":
        state.owners[coworld_id] = asked.caller.user_id
    smoke = [state.add_episode([]) for _ in range(2)]
    for episode in smoke:
        episode.update(coworld_id=coworld_id, coworld_name=name, coworld_version=version)
    state.part(Uploads).smoke[coworld_id] = [episode["id"] for episode in smoke]
    return Reply({key: value for key, value in row.items() if key != "manifest_summary"})


def coworld_episodes(asked: Asked) -> Reply:
    """Episodes of a Coworld: those that its upload started."""
    coworld_id = asked.id_in_path("cow")
    uploads = asked.state.part(Uploads)
    at = uploads.smoke_course[_step(uploads, f"smoke {coworld_id}", len(uploads.smoke_course))]
    rows = [asked.state.episodes[name] for name in uploads.smoke.get(coworld_id, ())]
    for row in rows:
        row["status"] = at
        row["error"] = "the game did not start" if at == "failed" else None
    return Reply({"entries": rows, "next_cursor": None})


def coworld_certification(asked: Asked) -> Reply:
    """How far the certification of a Coworld is."""
    coworld_id = asked.id_in_path("cow")
    uploads = asked.state.part(Uploads)
    course = uploads.certification_course
    at = _step(uploads, f"certification {coworld_id}", len(course))
    is_over = course[at] in ("certified", "failed")
    failure = uploads.certification_failure if course[at] == "failed" else None
    status = "fail" if course[at] == "failed" else "pass" if is_over else "run"
    steps = [{"id": "matriculate", "status": "pass"}, {"id": "smoke-episode", "status": status}]
    return Reply(
        {
            "coworld_id": coworld_id,
            "state": course[at],
            "certified": course[at] == "certified",
            "contract_version": "0.1.64",
            "certification_job_id": asked.state.new_id(),
            "failed_step": "smoke-episode" if course[at] == "failed" else None,
            "failure": failure,
            "transcript_summary": steps if at > 1 else [],
            "completed_at": asked.state.stamp() if is_over else None,
        }
    )


def flags(asked: Asked) -> Reply:
    """What is tried out on the caller: nothing. The published client asks before it uploads or submits."""
    return Reply({"flags": {"feed-v1": False}})


def stored(asked: Asked) -> Reply:
    """Take the bytes for which an address was signed."""
    content = asked.path["content_hash"]
    uploads = asked.state.part(Uploads)
    if "authorization" in asked.headers:
        raise Refused(400, "Only one auth mechanism is allowed")
    if content not in uploads.signed:
        raise Refused(403, "The signature does not fit")
    if hashlib.sha256(asked.body).hexdigest() != content or len(asked.body) != uploads.signed[content]:
        raise Refused(400, "The content does not fit")
    uploads.files[content] = asked.body
    return Reply(b"", media_type="text/plain")


ROUTES: tuple[Route, ...] = (
    Route("GET", "/flags/me", flags),
    Route("POST", "/v2/container_images/upload", image_upload),
    Route("POST", "/v2/container_images/upload/complete", image_complete),
    Route("POST", "/stats/policy-secret-envs", secret_env),
    Route("POST", "/stats/policies/docker-img/complete", image_policy),
    Route("POST", "/stats/policies/files/upload", file_upload),
    Route("POST", "/stats/policies/files/complete", file_policy),
    Route("POST", "/v2/coworlds/player-files/upload", player_file),
    Route("POST", "/v2/coworlds/replay-viewer-bundles/upload", bundle_upload),
    Route("POST", "/v2/coworlds/replay-viewer-bundles/upload/complete", bundle_complete),
    Route("GET", "/v2/coworlds/replay-viewer-bundles/{content_hash}", bundle),
    Route("POST", "/v2/reporters/register", reporter_register),
    Route("POST", "/v2/reporters/upload", reporter_upload),
    Route("POST", "/v2/reporters/upload/complete", reporter_complete),
    Route("POST", "/v2/coworlds/upload", coworld_upload),
    Route("GET", "/v2/coworlds/{coworld_id}/episode-requests", coworld_episodes),
    Route("GET", "/v2/coworlds/{coworld_id}/certification", coworld_certification),
    Route("PUT", f"{STORE}/{{content_hash}}", stored, open=True, outside=True),
)


def _new_image(state: State, name: str, client_hash: str) -> Json:
    image_id = state.new_id("img")
    image: Json = {
        "id": image_id,
        "name": name,
        "version": 1 + sum(row["name"] == name for row in state.images.values()),
        "client_hash": client_hash,
        "status": "pending",
        "image_uri": f"registry.example/softmax/{image_id}:latest",
        "image_digest": None,
        "public_image_uri": None,
    }
    state.images[image_id] = image
    return image


def _repository(image: Json) -> str:
    return f"softmax/{image['id']}"


def _new_version(asked: Asked, body: Json) -> Json:
    """A policy version; without a name it is called like the player who uploads."""
    state = asked.state
    player_id = asked.caller.players[0]
    name = body.get("name") or state.players[player_id]["name"]
    earlier = [
        row
        for row in state.policy_versions.values()
        if row["policy"]["name"] == name and row["player_id"] in asked.caller.players
    ]
    policy = earlier[0]["policy"] if earlier else {"id": state.new_id(), "name": name}
    number = 1 + max((row["version"] for row in earlier), default=0)
    row: Json = {
        "id": state.new_id(),
        "policy": policy,
        "version": number,
        "player_id": player_id,
        "label": f"{name}:v{number}",
    }
    state.policy_versions[row["id"]] = row
    state.part(Uploads).policies[row["id"]] = body
    return _shown(row)


def _shown(row: Json) -> Json:
    name = row["policy"]["name"]
    return {"id": row["id"], "name": name, "version": row["version"], "pools": None, "submit_error": None}


def _signed(asked: Asked, *, conflict: bool = False) -> str | None:
    """An address for what is announced; None when it is there, or a refusal where the API does that."""
    (content,) = _texts(asked, "content_hash")
    size = _body(asked).get("size_bytes")
    if not isinstance(size, int):
        raise _missing("size_bytes")
    uploads = asked.state.part(Uploads)
    if content in uploads.files:
        if conflict:
            raise Refused(409, "This file has been uploaded already")
        return None
    uploads.signed[content] = size
    return f"{asked.origin}{STORE}/{content}?X-Amz-Signature=5f1e"


def _bundle(asked: Asked, content: str) -> Reply:
    uploads = asked.state.part(Uploads)
    if content not in uploads.files:
        raise Refused(404, "Bundle not found")
    status = uploads.bundle_course[_step(uploads, f"bundle {content}", len(uploads.bundle_course))]
    detail = "it has no index.html" if status == "failed" else None
    return Reply({"bundle": f"sha256:{content}", "status": status, "detail": detail})


def _step(uploads: Uploads, what: str, length: int) -> int:
    """Where along its course something is; the next look finds it one step further."""
    at = uploads.looks.get(what, 0)
    uploads.looks[what] = at + 1
    return min(at, length - 1)


def _body(asked: Asked) -> Json:
    body = asked.json
    if not isinstance(body, dict):
        raise Refused(422, [{"loc": ["body"], "msg": "Input should be an object", "type": "dict_type"}])
    return body


def _texts(asked: Asked, *names: str) -> list[str]:
    """Members of the body that must be texts."""
    body = _body(asked)
    for name in names:
        if not isinstance(body.get(name), str):
            raise _missing(name)
    return [str(body[name]) for name in names]


def _missing(name: str) -> Refused:
    detail: list[Any] = [{"loc": ["body", name], "msg": "Field required", "type": "missing"}]
    return Refused(422, detail)
