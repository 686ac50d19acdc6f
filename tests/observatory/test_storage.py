"""Which addresses of an answer are asked, and how."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coworld_tui.contract.addresses import is_public
from coworld_tui.contract.errors import CoworldError
from coworld_tui.observatory import named_hosts, transfer
from coworld_tui.observatory.client import Observatory as Client
from coworld_tui.observatory.identity import Identity
from coworld_tui.observatory.storage import ApiFile, Storage, is_loopback, key_of, suffix_of
from coworld_tui.observatory.transfer import Transfers

from .downloads import asking, names_in, no_pause
from .test_client_wire import reply, wire

__all__ = ["no_pause"]

pytestmark = pytest.mark.usefixtures("no_pause")

PUBLIC = "https://8.8.8.8/api"
LOCAL = "http://127.0.0.1:9/api"


def storage(server: str) -> Storage:
    """Connections that are never made."""
    return Transfers(Client(server, Identity(server, "user", token="usr_0123456789"))).storage


async def refusal(server: str, address: str) -> CoworldError:
    """Why an address is not asked."""
    held = storage(server)
    with pytest.raises(CoworldError) as caught:
        held.local_path(address)
        async with held.opened(address, {}):
            raise AssertionError
    await held.aclose()
    return caught.value


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1/replay",
        "http://[::1]:8080/replay",
        "http://10.0.0.1/replay",
        "http://169.254.169.254/latest/meta-data",
        "http://[::ffff:192.168.0.1]/replay",
        "http://0.0.0.0/",
        "file:///etc/passwd",
        "/etc/passwd",
        "replay.json",
        "",
        "ftp://8.8.8.8/replay",
        "http://",
        "http://8.8.8.8:65536/replay",
        "https://[",
        "s3://Not_A_Bucket/key",
        "s3://a@b/key",
        "data:,x",
    ],
)
async def test_what_a_public_server_may_not_name(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    error = await refusal(PUBLIC, address)
    assert (error.type, error.exit_code) == ("address_refused", 1)
    assert "passwd" not in error.cause


async def test_a_proxy_is_no_way_around_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert (await refusal(PUBLIC, "http://10.0.0.1/replay")).type == "address_refused"


async def test_files_come_through_the_proxy_that_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with wire(reply(b"through")) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "unknown.invalid")
        async with asking("http://8.8.4.4/api") as transfers:
            await transfers.save("http://8.8.8.8/replay", tmp_path / "replay")
            await transfers.save(ApiFile("/v2/log"), tmp_path / "log")
    assert names_in(tmp_path) == ["log", "replay"]
    async with asking("http://8.8.4.4/api") as transfers:
        monkeypatch.setenv("http_proxy", "wrong://proxy")
        with pytest.raises(CoworldError) as caught:
            await transfers.save("http://8.8.8.8/replay", tmp_path / "other")
    assert "proxy" in caught.value.cause


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost that nobody vouches for; its key lies beside it."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate for this test")
    path = tmp_path_factory.mktemp("tls") / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=x"]
    command += ["-addext", "subjectAltName=DNS:localhost", "-keyout", f"{path}.key", "-out", str(path)]
    subprocess.run(command, check=True, capture_output=True)
    return path


async def test_certificates_are_checked_by_the_name_that_was_asked_for(
    certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, f"{certificate}.key")
    async with wire(reply(b"safe"), context) as server, asking("http://127.0.0.1:9/api") as transfers:
        named = server.url.replace("127.0.0.1", "localhost")
        with pytest.raises(CoworldError) as caught:
            await transfers.save(f"{named}/replay", tmp_path / "replay")
        assert "certificate is not valid" in caught.value.cause
        monkeypatch.setenv("SSL_CERT_FILE", "/nowhere.pem")
        async with asking("http://127.0.0.1:9/api") as others:
            with pytest.raises(CoworldError) as caught:
                await others.save(f"{named}/replay", tmp_path / "replay")
            assert "SSL_CERT_FILE" in caught.value.next_step
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        async with asking("http://127.0.0.1:9/api") as others:
            await others.save(f"{named}/replay", tmp_path / "replay")
            with pytest.raises(CoworldError) as caught:
                await others.save(f"{server.url}/replay", tmp_path / "by number")
            assert "certificate is not valid" in caught.value.cause
    assert (tmp_path / "replay").read_bytes() == b"safe"


async def test_a_server_of_this_machine_may_name_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a replay").write_bytes(b"here")
    async with asking(LOCAL) as transfers:
        for number, address in enumerate([str(tmp_path / "a replay"), f"file://{tmp_path}/a%20replay"]):
            target = tmp_path / str(number)
            await transfers.save(address, target)
            assert target.read_bytes() == b"here"
        with pytest.raises(CoworldError) as caught:
            await transfers.save(str(tmp_path / "none"), tmp_path / "x")
        assert caught.value.type == "not_found"
        os.mkfifo(tmp_path / "pipe")
        for name in ("/dev/zero", str(tmp_path / "pipe"), str(tmp_path)):
            with pytest.raises(CoworldError) as caught:
                await transfers.save(name, tmp_path / "x")
            assert caught.value.type == "not_found"
        monkeypatch.setattr(transfer, "SIZE_LIMIT", 3)
        with pytest.raises(CoworldError) as caught:
            await transfers.save(str(tmp_path / "a replay"), tmp_path / "x")
        assert caught.value.type == "download_too_large"


def test_what_is_this_machine() -> None:
    assert all(map(is_loopback, ("http://127.0.0.1:8000/api", "http://localhost/api", "http://[::1]/api")))
    assert not any(
        map(is_loopback, ("https://softmax.com/api", "http://10.0.0.1/api", "http://localhost.x/"))
    )


async def test_a_redirect_to_a_private_host_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As if this machine were a public one.
    monkeypatch.setattr(
        named_hosts, "is_public", lambda address: address == "127.0.0.1" or is_public(address)
    )
    answer = reply(b"", "302 Found", Location="http://10.255.255.1/secret")
    async with wire(answer) as server, asking(server.url) as transfers:
        with pytest.raises(CoworldError) as caught:
            await transfers.save(f"{server.url}/replay", tmp_path / "replay")
    assert caught.value.type == "address_refused"
    assert "http://10.255.255.1/secret" in caught.value.cause
    assert server.connections == 1


async def test_redirects_without_end(tmp_path: Path) -> None:
    async with wire(reply(b"", "302 Found", Location="/again")) as server, asking(server.url) as transfers:
        with pytest.raises(CoworldError) as caught:
            await transfers.save(f"{server.url}/replay", tmp_path / "replay")
    assert "redirects" in caught.value.cause


async def test_buckets_and_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    held = storage(PUBLIC)
    assert str(held._url("s3://some-bucket/a/b.json.z")) == "https://some-bucket.s3.amazonaws.com/a/b.json.z"
    assert str(held._url("https://me:secret@files.example/x#y")) == "https://files.example/x"


def test_what_is_compressed_and_what_tells_files_apart() -> None:
    assert suffix_of("https://a.example/x.json.z?sig=.gz") == ".z"
    assert suffix_of("s3://bucket/x.gz") == ".gz"
    assert suffix_of("https://a.example/x.json?y=.z") == ""
    assert key_of("https://a.example/x?sig=1") == key_of("https://a.example/x?sig=2")


@given(st.text(max_size=60) | st.from_regex(r"(https?|s3|file)://[\x20-\x7e]{0,40}", fullmatch=True))
def test_no_address_surprises(address: str) -> None:
    held = storage(PUBLIC)
    suffix_of(address)
    key_of(address)
    try:
        assert held.local_path(address) is None
        url = held._url(address)
    except CoworldError as error:
        assert error.type == "address_refused"
    else:
        assert url.scheme in ("http", "https")
        assert not url.userinfo
