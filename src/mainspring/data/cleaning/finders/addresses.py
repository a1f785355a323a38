"""Addresses of mailboxes and of machines."""

import re
from collections.abc import Iterator
from ipaddress import AddressValueError, IPv4Address, IPv6Address, IPv6Network
from typing import Final

_UNSPACED: Final = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
"""Words of these scripts stand beside an address without a space."""
_LETTER: Final = rf"[^\W{_UNSPACED}]"
_EMAIL: Final = re.compile(
    rf"(?:(?<![.%+'@-])(?<!{_LETTER})((?:{_LETTER}|[%+])(?:{_LETTER}|[.%+'-]){{0,254}})|(?<![{_UNSPACED}])[{_UNSPACED}]{{1,64}})"
    rf"@(?:[^\W_](?:[\w-]{{0,61}}[^\W_])?\.){{1,8}}"
    rf"(xn--[a-z0-9-]{{2,59}}|[A-Za-z]{{2,24}}|[^\W\d_a-zA-Z{_UNSPACED}]{{2,24}}|[{_UNSPACED}]{{2,8}})(?!{_LETTER}|[@-])"
)
_FILE_ENDINGS: Final = frozenset(
    (
        "png",
        "jpg",
        "jpeg",
        "gif",
        "svg",
        "webp",
        "ico",
        "bmp",
        "pdf",
        "css",
        "js",
        "ts",
        "json",
        "html",
        "txt",
        "zip",
    )
)
"""`icon@2x.png` is a file."""
_IPV4: Final = re.compile(r"(?<![\w.-])(?:\d{1,3}\.){3}\d{1,3}(?![\w-]|\.\d)", re.ASCII)
_IPV6: Final = re.compile(
    r"(?<![\w.])(?<!::)(?<!\b[0-9A-Fa-f]:)(?<!\b[0-9A-Fa-f]{2}:)(?<!\b[0-9A-Fa-f]{3}:)(?<!\b[0-9A-Fa-f]{4}:)"
    r"[0-9A-Fa-f]{1,4}:(?:[0-9A-Fa-f]{0,4}:){1,7}(?:[0-9A-Fa-f]{1,4}|(?:\d{1,3}\.){3}\d{1,3})?(?![\w:]|\.\w)",
    re.ASCII,
)
_OF_A_VERSION: Final = re.compile(
    r"(?:versions?|release|build|firmware|revision|ver|rev|v|section|sections|chapter|clause|article|figure|table|"
    r"paragraph|annex|§{1,2})[\s.:=(\"']{0,3}$",
    re.IGNORECASE,
)
_OF_AN_ADDRESS: Final = re.compile(
    r"\b(?:ip|ipv4|address|addr|host|server|gateway|router|dns|ping|ssh|client|subnet|adresse)\b[^\n]{0,20}$",
    re.IGNORECASE,
)
_MOST_OF_A_VERSION: Final = 64
"""Four parts below this are a version, a section or an object identifier, unless a word before them says otherwise;
of addresses this is true for one in 256."""
_BEFORE_CHARS: Final = 40
_OF_MACHINES: Final = tuple(IPv6Network(known) for known in ("2000::/3", "fc00::/7", "fe80::/10"))


def emails(text: str) -> Iterator[tuple[int, int]]:
    """Find e-mail addresses, also with letters of other scripts."""
    if "@" not in text:
        return
    for found in _EMAIL.finditer(text):
        is_remote = found[1] == "git" and text[found.end() : found.end() + 1] == ":"
        if found[2].lower() not in _FILE_ENDINGS and not is_remote:
            yield found.span()


def ip_addresses(text: str) -> Iterator[tuple[int, int]]:
    """Find IP addresses of machines; netmasks and those that every machine has (127.0.0.1, ::1) are none."""
    for found in _IPV4.finditer(text):
        if _is_machine(found[0]) and not _is_version(
            found[0], text[max(0, found.start() - _BEFORE_CHARS) : found.start()]
        ):
            yield found.span()
    for found in _IPV6.finditer(text):
        try:
            address = IPv6Address(found[0])
        except AddressValueError:
            continue
        if any(address in network for network in _OF_MACHINES) and any(map(str.isdigit, found[0])):
            yield found.span()


def _is_machine(found: str) -> bool:
    try:
        address = IPv4Address(found)
    except AddressValueError:
        return False
    is_netmask = found.startswith("255.")
    return not (is_netmask or address.is_loopback or address.is_multicast or found.startswith("0."))


def _is_version(found: str, before: str) -> bool:
    if _OF_A_VERSION.search(before):
        return True
    parts = [int(part) for part in found.split(".")]
    is_small = max(parts) < _MOST_OF_A_VERSION and parts[0] != 10 and len(set(parts)) > 1
    return is_small and not _OF_AN_ADDRESS.search(before)
