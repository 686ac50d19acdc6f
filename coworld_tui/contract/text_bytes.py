"""Whether bytes from the web are a text, and which."""

from __future__ import annotations

import codecs
import re

from .text import safe_line

_CHARSET = re.compile(r"""(?i);\s*charset\s*=\s*["']?([\w.:-]{1,40})""")
# Python knows codecs that are no charsets of the web, some of them slow on hostile input.
_CHARSETS = re.compile(
    r"(?i)(utf-?8|utf-?(16|32)(le|be)?|(us-)?ascii|latin-?1|iso-?8859-\d{1,2}|(windows-|cp)\d{3,4}"
    r"|koi8-[ru]|shift_jis|euc-(jp|kr)|gb2312|gbk|gb18030|big5)\Z"
)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_BINARY_TYPES = ("image/", "audio/", "video/", "font/", "application/zip", "application/pdf")
_NO_TEXT = re.compile("[\x01-\x08\x0e-\x1a\x1c-\x1f\ufffd]")
_NO_TEXT_SHARE = 0.1
_SNIFFED = 64 * 1024
_HTML = re.compile(r"\s*(?:<!--.{0,2000}?-->\s*)?<(?:!doctype\s+html|html|head|body)\b", re.I | re.S)


class NotText(ValueError):  # noqa: N818 - it names the thing, as the messages do
    """Bytes that are no text; the message completes the sentence "it ..."."""


def decoded(body: bytes, content_type: str) -> tuple[str, bool]:
    """Return the text of a body that may be cut anywhere, and whether it is HTML; ``NotText`` when none.

    A byte order mark decides about the charset, then ``content_type``, then it is UTF-8.
    """
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type.startswith(_BINARY_TYPES) and media_type != "image/svg+xml":
        raise NotText(f"is {safe_line(media_type, 60)}, not text")
    mark, charset = next(((mark, name) for mark, name in _BOMS if body.startswith(mark)), (b"", ""))
    if not charset:
        named = _CHARSET.search(content_type)
        charset = named[1] if named and _CHARSETS.match(named[1]) else "utf-8"
    try:
        decoder = codecs.getincrementaldecoder(charset)(errors="replace")
    except LookupError:
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    text = decoder.decode(body[len(mark) :]).replace("\r\n", "\n")
    head = text[:_SNIFFED]
    if "\0" in text or len(_NO_TEXT.findall(head)) > _NO_TEXT_SHARE * len(head):
        raise NotText("is not text")
    is_html = media_type in ("text/html", "application/xhtml+xml") or _HTML.match(head) is not None
    return text, is_html
