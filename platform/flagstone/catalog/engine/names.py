"""The rules for names, keys, tags and addresses in the envelope of an entity."""

from __future__ import annotations

import ipaddress
import re
import unicodedata

_NAME = re.compile(r"(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
_DNS_LABEL = re.compile(r"[a-z0-9]+(?:-+[a-z0-9]+)*")
_TAG = re.compile(r"[a-z0-9:+#]+(?:-[a-z0-9:+#]+)*")
_KIND = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_VERSION = re.compile(r"[A-Za-z0-9]+")
_MAX = 63
_MAX_SUBDOMAIN = 253

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):(.*)", re.DOTALL)
_HIERARCHICAL = frozenset({"http", "https", "ws", "wss", "ftp"})
_NOT_IN_A_HOST = re.compile(r"[\x00-\x20\x7f#%/<>?@\[\\\]^|:]")
_NOT_IN_AN_OPAQUE_HOST = re.compile(r"[\x00\t\n\r #/:<>?@\[\\\]^|]")
_C0_AND_SPACE = "".join(map(chr, range(0x21)))
_BLANKS = " \t\n\r\v\f\u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff" + "".join(
    map(chr, range(0x2000, 0x200B))
)
_NUMERIC_END = re.compile(r"(?:\A|\.)(?:[0-9]+|0[xX][0-9A-Fa-f]*)\.?\Z")

NAME_RULE = "letters and digits, with single or repeated - _ . between them, 63 characters at most"
NAMESPACE_RULE = "lower-case letters and digits with - between them, 63 characters at most"
KEY_RULE = f"{NAME_RULE}, with at most one lower-case domain and / before it"
TAG_RULE = "lower-case letters, digits and : + #, with single - between them, 63 characters at most"
KIND_RULE = "letters and digits, a letter first, 63 characters at most"
VERSION_RULE = "such as backstage.io/v1alpha1"


def is_name(text: str) -> bool:
    return len(text) <= _MAX and _NAME.fullmatch(text) is not None


def is_namespace(text: str) -> bool:
    return len(text) <= _MAX and _DNS_LABEL.fullmatch(text) is not None


def is_kind(text: str) -> bool:
    return len(text) <= _MAX and _KIND.fullmatch(text) is not None


def is_api_version(text: str) -> bool:
    prefix, slash, version = text.rpartition("/")
    if slash and not _is_subdomain(prefix):
        return False
    return len(version) <= _MAX and _VERSION.fullmatch(version) is not None


def is_key(text: str) -> bool:
    """Tell whether a label or annotation may be called so."""
    prefix, slash, name = text.rpartition("/")
    return is_name(name) and (not slash or _is_subdomain(prefix))


def is_label_value(text: str) -> bool:
    return text == "" or is_name(text)


def is_tag(text: str) -> bool:
    return len(text) <= _MAX and _TAG.fullmatch(text) is not None


def is_blank(text: str) -> bool:
    return not text.strip(
        " \t\n\r\v\f\u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff" + _EN_SPACES
    )


_EN_SPACES = "".join(map(chr, range(0x2000, 0x200B)))


def is_absolute_url(text: str) -> bool:
    """Tell whether a browser takes the text for an address that needs no other to stand on."""
    text = text.strip(_C0_AND_SPACE).replace("\t", "").replace("\n", "").replace("\r", "")
    match = _SCHEME.fullmatch(text)
    if not match:
        return False
    scheme, rest = match[1].lower(), match[2]
    if scheme in _HIERARCHICAL:
        return _is_authority(_authority(rest.lstrip("/\\"), r"[/\\?#]"), special=True)
    if scheme == "file":
        rest = rest.replace("\\", "/")
        host = _authority(rest[2:], r"[/?#]") if rest.startswith("//") else ""
        drive = re.fullmatch(r"[A-Za-z][:|]", host) is not None
        return not host or drive or _is_host(host, special=True)
    if rest.startswith("//"):
        authority = _authority(rest[2:], r"[/?#]")
        return not authority or _is_authority(authority, special=False)
    return True


def _is_subdomain(text: str) -> bool:
    return len(text) <= _MAX_SUBDOMAIN and all(map(is_namespace, text.split(".")))


def _authority(rest: str, ends: str) -> str:
    return re.split(ends, rest, maxsplit=1)[0]


def _is_authority(authority: str, *, special: bool) -> bool:
    host = authority.rpartition("@")[2]
    bracket = host.rfind("]")
    colon = host.find(":", bracket + 1)
    if colon != -1:
        host, port = host[:colon], host[colon + 1 :]
        if port and not (re.fullmatch(r"[0-9]+", port) and int(port[:9]) <= 65535):
            return False
    return bool(host) and _is_host(host, special=special)


def _is_host(host: str, *, special: bool) -> bool:
    if host.startswith("["):
        return host.endswith("]") and _is_ipv6(host[1:-1])
    if not special:
        return not _NOT_IN_AN_OPAQUE_HOST.search(host)
    host = unicodedata.normalize("NFKC", _percent_decoded(host)).replace("\u00ad", "")
    host = host.replace("\u3002", ".")
    if not host or _NOT_IN_A_HOST.search(host):
        return False
    return _is_ipv4(host) if _NUMERIC_END.search(host) else True


def _percent_decoded(host: str) -> str:
    return re.sub(r"%([0-9A-Fa-f]{2})", lambda match: chr(int(match[1], 16)), host)


def _is_ipv6(text: str) -> bool:
    try:
        return ipaddress.IPv6Address(text).scope_id is None
    except ValueError:
        return False


def _is_ipv4(text: str) -> bool:
    """Tell whether a host that ends in a number is an IPv4 address in one of a browser's many spellings."""
    parts = text.removesuffix(".").split(".")
    if len(parts) > 4:
        return False
    numbers = [_number(part) for part in parts]
    if any(number is None for number in numbers):
        return False
    *heads, tail = [number for number in numbers if number is not None]
    return all(head <= 255 for head in heads) and tail < 256 ** (5 - len(parts))


def _number(part: str) -> int | None:
    try:
        if part[:2] in {"0x", "0X"}:
            return int(part[2:] or "0", 16)
        if len(part) > 1 and part.startswith("0"):
            return int(part, 8)
        return int(part) if part.isascii() and part.isdigit() and len(part) < 30 else None
    except ValueError:
        return None
