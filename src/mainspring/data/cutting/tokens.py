"""About how many tokens a text is, for a teacher whose tokenizer is not at hand.

Tokenizers of today's models make about one token of four characters in Latin script, of two in other alphabets and
of one and a quarter in Chinese, Japanese and Korean. The guess is a little high rather than low.
"""

import re
from math import ceil
from typing import Final

_UNSPACED: Final = re.compile(
    "[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]"
)
_OTHER: Final = re.compile("[\u0370-\u1dff\u2c00-\u303f\ua000-\uabff\U00010000-\U0001ffff]")

_LATIN_CHARS: Final = 4.0
_OTHER_CHARS: Final = 2.0
_UNSPACED_CHARS: Final = 1.25
"""Characters a token."""


def estimate(text: str) -> int:
    """Guess how many tokens a text is."""
    if text.isascii():
        return ceil(len(text) / _LATIN_CHARS)
    n_unspaced = len(_UNSPACED.findall(text))
    n_other = len(_OTHER.findall(text))
    n_latin = len(text) - n_unspaced - n_other
    return ceil(n_latin / _LATIN_CHARS + n_other / _OTHER_CHARS + n_unspaced / _UNSPACED_CHARS)
