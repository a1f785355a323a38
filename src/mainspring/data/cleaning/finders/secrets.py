"""Keys and passwords that open something: whoever reads them may use them.

The forms are those that their issuers document so that scanners can find them. A password in plain words has no
form and is not found, but for one in a URL.
"""

import re
from collections.abc import Iterator
from typing import Final

_KEYS: Final = re.compile(
    r"""(?<![A-Za-z0-9_-])(?:
        (?:AKIA|ASIA)[0-9A-Z]{16}                               # AWS, the id of a key
      | gh[pousr]_[A-Za-z0-9]{36,255}                           # GitHub
      | github_pat_[A-Za-z0-9_]{22,255}
      | glpat-[A-Za-z0-9_-]{20,}                                # GitLab
      | xox[abeoprs]-[A-Za-z0-9-]{10,}                          # Slack
      | AIza[0-9A-Za-z_-]{35}                                   # Google
      | [sr]k_(?:live|test)_[0-9A-Za-z]{16,}                    # Stripe
      | hf_[A-Za-z0-9]{30,}                                     # Hugging Face
      | sk-(?=[a-z-]*[A-Z0-9])(?=[A-Za-z_-]*[0-9])[A-Za-z0-9_-]{20,}  # OpenAI and those that took it over
      | eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*    # JSON web token
    )""",
    re.VERBOSE,
)
_AWS_SECRET: Final = re.compile(
    r"aws_?secret_?(?:access_?)?key[\"']?\s{0,4}[=:]\s{0,4}[\"']?([A-Za-z0-9/+=]{40})(?![A-Za-z0-9/+=])",
    re.IGNORECASE,
)
_BEARER: Final = re.compile(r"\bbearer\s{1,4}(?=[A-Za-z_.~+/-]*\d)([A-Za-z0-9_.~+/-]{20,}={0,2})", re.IGNORECASE)
_URL_PASSWORD: Final = re.compile(
    r"(?<![\w+.-])[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s/:@?#]{0,256}:([^\s/@\[\]<>{}\"'`]{2,256})@"
)
_STAND_IN: Final = re.compile(
    r"\$.*|\*+|x+|\.+|(?:my|your|the)?[-_]?(?:password|passwd|passphrase|pass|pwd|pw|secret|token|key)",
    re.IGNORECASE,
)
"""What instructions have in the place of a password."""
_KEY_BLOCK: Final = re.compile(
    r"-----BEGIN (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)?-----(?:"
    r"(?:\s|\\[nr]|[A-Za-z0-9+/=:,.()]|-(?!----))*+-----END (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)?-----"
    r"|(?:(?:\s|\\[nr])*+[A-Za-z0-9+/=]{16,})++)"  # a key that is cut off goes as far as it goes
)
_BODY: Final = re.compile(r"[A-Za-z0-9+/]{24}")


def secrets(text: str) -> Iterator[tuple[int, int]]:
    """Find keys of well-known issuers, private key blocks, JSON web tokens, and passwords in URLs."""
    for block in _KEY_BLOCK.finditer(text):
        if _BODY.search(text, *block.span()):
            yield block.span()
    for key in _KEYS.finditer(text):
        yield key.span()
    for pattern in (_AWS_SECRET, _BEARER):
        for found in pattern.finditer(text):
            yield found.span(1)
    for found in _URL_PASSWORD.finditer(text):
        if not _STAND_IN.fullmatch(found[1]):
            yield found.span(1)
