"""How many tokens a conversation takes, told from what servers have counted.

What a server counted is exact. What came since is estimated by its bytes, at the rate at which tokens came with
bytes in this run; before that is known, at more than most texts take.
"""

from typing import Final

from mainspring.core.events import ModelReplied

_LEARNED_BYTES: Final = 1_024
"""So many bytes have to be counted before their rate says something."""
_TOKENS: Final = 1
_BYTES: Final = 3
"""The rate before that: English prose has about four bytes a token, code and other languages fewer."""
_FORM_BYTES: Final = 1_024
"""About what a mode says of how to reply, besides the tools."""


class Gauge:
    """Turns bytes into tokens, and learns from every reply how to.

    Args:
        form_bytes: What is sent besides messages: tools and answer form.
    """

    def __init__(self, form_bytes: int) -> None:
        self._form_bytes = form_bytes + _FORM_BYTES
        self._counted: tuple[int, int] | None = None
        """Tokens that the conversation took when it had so many bytes."""
        self._read: tuple[str, int, int] | None = None
        """The model, tokens and bytes of the last prompt."""
        self._tokens = 0
        self._bytes = 0

    def tokens(self, n_bytes: int) -> int:
        """Give about how many tokens a conversation of so many bytes takes."""
        if self._counted is None:
            return self.rate(n_bytes + self._form_bytes)
        counted, when_bytes = self._counted
        since = self.rate(n_bytes - when_bytes)
        return counted + since if since >= 0 else max(counted + since, min(counted, self.rate(n_bytes)))

    def rate(self, n_bytes: int) -> int:
        """Give about how many tokens so many bytes are."""
        tokens, of_bytes = self._learned
        return -(-n_bytes * tokens // of_bytes)

    def bytes(self, n_tokens: int) -> int:
        """Give about how many bytes so many tokens are."""
        tokens, of_bytes = self._learned
        return n_tokens * of_bytes // tokens

    def learn(self, replied: ModelReplied, read_bytes: int, now_bytes: int) -> None:
        """Take in what a server has counted.

        Args:
            replied: Its reply.
            read_bytes: What the conversation had when it was asked.
            now_bytes: What it has with the reply.
        """
        usage = replied.usage
        if not usage.input_tokens:
            return
        n_calls = max(1, usage.model_calls)  # of a pool, several members may have read the same
        read = usage.input_tokens // n_calls
        if self._read is not None and self._read[0] == replied.model:
            more_tokens, more_bytes = read - self._read[1], read_bytes - self._read[2]
            if 0 < more_tokens <= more_bytes:
                self._tokens += more_tokens
                self._bytes += more_bytes
        self._read = replied.model, read, read_bytes
        self._counted = read + usage.output_tokens // n_calls, now_bytes

    @property
    def _learned(self) -> tuple[int, int]:
        return (self._tokens, self._bytes) if self._bytes >= _LEARNED_BYTES else (_TOKENS, _BYTES)
