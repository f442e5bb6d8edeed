"""Addresses: `url(...)`, `ip(...)` and `cidr(...)`."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, parse_qs, quote, urlsplit

from flagstone.policies.cel.errors import CelError
from flagstone.policies.cel.values import no_overload

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Ip:
    """An address; one of IPv4 within IPv6, or with a zone, is refused."""

    address: _Address
    type_name = "net.IP"

    @property
    def text(self) -> str:
        return str(self.address)


@dataclass(frozen=True, slots=True)
class Cidr:
    """A network with the address that it was written with."""

    network: _Network
    address: _Address
    type_name = "net.CIDR"

    @property
    def text(self) -> str:
        return f"{self.address}/{self.network.prefixlen}"


@dataclass(frozen=True, slots=True)
class Url:
    """An absolute URL, or an absolute path."""

    parts: SplitResult
    type_name = "kubernetes.URL"


def _ip(text: Any) -> Ip:
    if isinstance(text, Cidr):
        return Ip(text.address)
    found = _read_ip(text)
    if found is None:
        raise CelError(f"{text!r} is no IP address")
    return found


def _read_ip(text: Any) -> Ip | None:
    try:
        address = ipaddress.ip_address(text) if isinstance(text, str) else None
    except ValueError:
        return None
    if address is None or "%" in text or getattr(address, "ipv4_mapped", None):
        return None
    return Ip(address)


def _is_ip(text: Any, family: int = 0) -> bool:
    found = _read_ip(text)
    return found is not None and family in {0, found.address.version}


def _cidr(text: Any) -> Cidr:
    found = _read_cidr(text)
    if found is None:
        raise CelError(f"{text!r} is no network in CIDR form")
    return found


def _read_cidr(text: Any) -> Cidr | None:
    if not isinstance(text, str) or not text.rpartition("/")[2].isdigit() or "/" not in text:
        return None
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
    address = _read_ip(text.partition("/")[0])
    return Cidr(network, address.address) if address else None


def _contains_ip(of: Any, value: Any) -> bool:
    address = value if isinstance(value, Ip) else _ip(value)
    return address.address in of.network


def _contains_cidr(of: Any, value: Any) -> bool:
    other = value if isinstance(value, Cidr) else _cidr(value)
    return of.network.version == other.network.version and other.network.subnet_of(of.network)


def _masked(of: Any) -> Cidr:
    return Cidr(of.network, of.network.network_address)


def _url(text: Any) -> Url:
    found = _read_url(text)
    if found is None:
        raise CelError(f"{text!r} is no URL")
    return found


def _read_url(text: Any) -> Url | None:
    if not isinstance(text, str) or any(ord(letter) <= 32 or ord(letter) == 127 for letter in text):
        return None
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return None
    is_whole = bool(parts.scheme) and text.lower().startswith(f"{parts.scheme}:")
    return Url(parts) if is_whole or text.startswith("/") else None


def _host(of: Any) -> str:
    return str(of.parts.netloc.rpartition("@")[2])


def _hostname(of: Any) -> str:
    host = _host(of)
    if host.startswith("["):
        return host[1 : host.index("]")]
    return host.partition(":")[0]


def _port(of: Any) -> str:
    return "" if of.parts.port is None else str(of.parts.port)


def _path(of: Any) -> str:
    return quote(of.parts.path, safe="/%:@!$&'()*+,;=~-._")


def _flag(name: str, test: Callable[[Any], bool]) -> Callable[[Any], bool]:
    def holds(of: Any) -> bool:
        if not isinstance(of, Ip):
            raise no_overload(name, of)
        return bool(test(of.address))

    return holds


def _is_global_unicast(address: Any) -> bool:
    return not (
        address.is_multicast
        or address.is_unspecified
        or address.is_loopback
        or address.is_link_local
        or str(address) == "255.255.255.255"
    )


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "ip": _ip,
    "isIP": _is_ip,
    "ip.isCanonical": lambda text: _ip(text).text == text,
    "family": lambda of: of.address.version,
    "isUnspecified": _flag("isUnspecified", lambda at: at.is_unspecified),
    "isLoopback": _flag("isLoopback", lambda at: at.is_loopback),
    "isLinkLocalMulticast": _flag(
        "isLinkLocalMulticast",
        lambda at: at in ipaddress.ip_network("224.0.0.0/24" if at.version == 4 else "ff02::/16"),
    ),
    "isLinkLocalUnicast": _flag("isLinkLocalUnicast", lambda at: at.is_link_local),
    "isGlobalUnicast": _flag("isGlobalUnicast", _is_global_unicast),
    "cidr": _cidr,
    "isCIDR": lambda text: _read_cidr(text) is not None,
    "containsIP": _contains_ip,
    "containsCIDR": _contains_cidr,
    "prefixLength": lambda of: of.network.prefixlen,
    "masked": _masked,
    "url": _url,
    "isURL": lambda text: _read_url(text) is not None,
    "getScheme": lambda of: of.parts.scheme,
    "getHost": _host,
    "getHostname": _hostname,
    "getPort": _port,
    "getEscapedPath": _path,
    "getQuery": lambda of: parse_qs(of.parts.query, keep_blank_values=True),
}
