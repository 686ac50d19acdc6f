"""Which hosts outside text may send us to: public ones, looked up once and then connected to as found."""

from __future__ import annotations

import asyncio
import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

_NAT64 = IPv6Network("64:ff9b::/96")


async def resolved(host: str, port: int) -> list[str]:
    """Return the addresses of ``host`` in the order to be tried. OSError or UnicodeError when it has none."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def is_public(address: str) -> bool:
    """Whether ``address`` is an ordinary one of the internet.

    Not so are loopback, private, link-local, shared, multicast and reserved ones, also where an IPv6
    address stands for such an IPv4 one.
    """
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(parsed, IPv6Address):
        inner = _inner(parsed)
        if inner is not None:
            return _is_ordinary(inner)
        if parsed.is_site_local:
            return False
    return _is_ordinary(parsed)


def _is_ordinary(address: IPv4Address | IPv6Address) -> bool:
    return address.is_global and not (address.is_multicast or address.is_reserved)


def _inner(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that packets to ``address`` reach in the end."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
