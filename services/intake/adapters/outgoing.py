"""The network towards addresses that others gave us: who may be called is decided at the call.

Invariant: the address that is connected to is the address that was checked. The name is looked up
once; every address found must be allowed, and the connection goes to one of those, with the name
kept for TLS and `Host`. So a name that answers otherwise a moment later (DNS rebinding) gains
nothing. No redirect is followed: the client is made without.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence

import httpx

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
NAT64 = ipaddress.ip_network("64:ff9b::/96")
NETWORKS = "opora_networks"
"""Extension of a request: private networks that this one may go to."""


class ForbiddenAddress(httpx.ConnectError):
    """The address is not one to be called; nothing was sent."""


async def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a name, by the system's resolver."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


def within(address: IPAddress) -> IPAddress:
    """The address that is meant: the IPv4 address within one of IPv6 that only wraps it."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else address)


def is_allowed(text: str, *, loopback: bool = False, networks: Sequence[IPNetwork] = ()) -> bool:
    """Whether an address may be called: public ones, and private ones that were named."""
    try:
        address = within(ipaddress.ip_address(text.split("%", 1)[0]))
    except ValueError:
        return False
    if address.is_loopback:
        return loopback
    if address.is_multicast or address.is_unspecified or address.is_link_local:
        return False
    if any(address in network for network in networks):
        return True
    return address.is_global


class GuardedTransport(httpx.AsyncBaseTransport):
    """Calls by https, and only allowed addresses; `loopback` allows this machine, by http too."""

    def __init__(
        self,
        *,
        loopback: bool = False,
        look_up: Resolve = resolve,
        network: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._loopback = loopback
        self._look_up = look_up
        self._network = network or httpx.AsyncHTTPTransport(retries=0)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Check, then call the address that was checked."""
        host, secure = request.url.host, request.url.scheme == "https"
        port = request.url.port or (443 if secure else 80)
        try:
            found = list(await self._look_up(host, port))
        except OSError as failure:
            raise httpx.ConnectError("the name is not known") from failure
        networks = request.extensions.get(NETWORKS, ())
        for address in found:
            if not is_allowed(address, loopback=self._loopback, networks=networks):
                raise ForbiddenAddress("not an address to be called")
        if not found or not (secure or all(map(_is_loopback, found))):
            raise ForbiddenAddress("called by https only")
        request.extensions = {**request.extensions, "sni_hostname": host}
        request.url = request.url.copy_with(host=found[0])
        return await self._network.handle_async_request(request)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._network.aclose()


def _is_loopback(text: str) -> bool:
    return within(ipaddress.ip_address(text.split("%", 1)[0])).is_loopback
