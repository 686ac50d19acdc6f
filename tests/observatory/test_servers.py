"""Which server is meant, and what is built on its address."""

from __future__ import annotations

import pytest

from coworld_tui.contract.errors import CoworldError
from coworld_tui.observatory.servers import DEFAULT_SERVER, api_root, server_key, server_option, web_link


def test_the_key_is_the_text_as_typed_without_trailing_slashes() -> None:
    assert server_key("https://softmax.com/api///") == DEFAULT_SERVER
    assert server_key("http://localhost:8000/api") != server_key("http://127.0.0.1:8000/api")
    assert api_root("http://[::1]:80/api/") == "http://[::1]:80/api/observatory"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "softmax.com/api",
        "ftp://softmax.com/api",
        "https://",
        "https:///api",
        "https://softmax.com:port/api",
        "https://[::1/api",
        "https://me:hunter2hunter2@softmax.com/api",
        "https://softmax.com/api?key=hunter2hunter2",
        "https://softmax.com/api#part",
        "https://softmax.com/a b",
        "https://softmax.com/api\n",
        "https://s\u043eftmax.com/api",
        "https://softmax.com/\x1b[2J",
    ],
)
def test_what_is_no_server_is_refused_without_repeating_credentials(text: str) -> None:
    with pytest.raises(CoworldError) as refused:
        server_key(text)
    assert (refused.value.type, refused.value.exit_code) == ("invalid_request", 2)
    shown = str(refused.value.as_dict())
    assert "hunter2" not in shown
    assert "\\x1b" not in shown


def test_pages_of_the_web_app_are_beside_the_api_where_that_can_be_told() -> None:
    page = "/policies/versions/1"
    assert web_link(DEFAULT_SERVER, page) == f"https://softmax.com{page}"
    assert web_link("http://127.0.0.1:80/api/observatory/", page) == f"http://127.0.0.1:80{page}"
    assert web_link("http://127.0.0.1:80/other/api", page) == page
    assert web_link(DEFAULT_SERVER, "https://elsewhere.example/x") == "https://elsewhere.example/x"
    assert web_link(DEFAULT_SERVER, "//elsewhere.example/x").startswith("https://softmax.com//")


def test_a_suggested_command_names_its_server_unless_it_is_the_usual_one() -> None:
    assert server_option(f"{DEFAULT_SERVER}/") == ""
    assert server_option("http://localhost/api;ls") == " --server 'http://localhost/api;ls'"
