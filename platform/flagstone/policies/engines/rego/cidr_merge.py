"""`net.cidr_merge` as OPA answers it: the fewest networks that hold the same addresses."""

from __future__ import annotations

import ipaddress
import re
from typing import Any

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")
_CLASS_B, _CLASS_C = 0x80, 0xC0


def merged(places: Any) -> list[str]:
    """The networks as texts.

    Raises:
        ValueError: one of the places is no address and no network.
    """
    if not isinstance(places, list):
        raise ValueError("operand 1 must be an array or a set")  # noqa: TRY004 - OPA's own error
    networks = [_network(place) for place in places]
    fours = [network for network in networks if isinstance(network, ipaddress.IPv4Network)]
    sixes = [network for network in networks if isinstance(network, ipaddress.IPv6Network)]
    found: list[_Network] = [
        *ipaddress.collapse_addresses(fours),
        *ipaddress.collapse_addresses(sixes),
    ]
    return [str(network) for network in found]


def _network(place: Any) -> _Network:
    if not isinstance(place, str) or "%" in place:
        raise ValueError(f"invalid CIDR address: {place}")
    address, slash, bits = place.partition("/")
    try:
        found = ipaddress.ip_address(address)
        # a mask in words is Python's, and not Go's
        wide = ipaddress.ip_network(f"{address}/{int(bits)}", strict=False) if slash else None
    except ValueError:
        raise ValueError(f"invalid CIDR address: {place}") from None
    if slash and not re.fullmatch(r"[0-9]+", bits):
        raise ValueError(f"invalid CIDR address: {place}")
    return _by_class(found) if wide is None else _unmapped(wide)


def _by_class(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> _Network:
    """A single address stands for the whole network of its class, as in Go."""
    four = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else address
    if four is None:
        raise ValueError("IPv6 invalid: needs prefix length")
    first = four.packed[0]
    bits = 8 if first < _CLASS_B else 16 if first < _CLASS_C else 24
    return ipaddress.IPv4Network(f"{four}/{bits}", strict=False)


def _unmapped(network: _Network) -> _Network:
    if isinstance(network, ipaddress.IPv6Network) and network.subnet_of(_MAPPED):
        four = network.network_address.ipv4_mapped
        return ipaddress.IPv4Network(f"{four}/{network.prefixlen - _MAPPED.prefixlen}")
    return network
