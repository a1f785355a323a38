"""What becomes of candidates with personal data in them."""

import orjson
import pytest

from mainspring.core import JsonObject
from mainspring.core.errors import ConfigError
from mainspring.data.cleaning import clean, find
from tests.unit.data.cleaning.made import NUMBERS, QUOTE, candidate, checks

ASKED = "Whom does ada@example.com answer?"
SAID = "Ada (ada@example.com) answers bob@example.com, or whoever calls +49 30 901820."
CONVERSATION: tuple[JsonObject, ...] = (
    {"role": "user", "content": ASKED},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {
                "id": "call_1",
                "type": "function",
                "function": {"name": "mail", "arguments": '{"to":"bob@example.com"}'},
            }
        ],
    },
    {"role": "tool", "tool_call_id": "call_1", "content": [{"type": "text", "text": "sent to bob@example.com"}]},
    {"role": "assistant", "content": SAID},
)


def test_redaction_is_consistent_over_question_and_answer() -> None:
    (cleaned,) = clean([candidate(ASKED, SAID)])
    assert cleaned.is_accepted
    assert cleaned.example.question == "Whom does [EMAIL_1] answer?"
    assert cleaned.example.answer == "Ada ([EMAIL_1]) answers [EMAIL_2], or whoever calls [PHONE_1]."


def test_the_quote_of_a_span_stays_the_documents_text() -> None:
    (cleaned,) = clean([candidate(ASKED, SAID)])
    (span,) = cleaned.example.spans
    assert span.quote == QUOTE
    assert find(span.quote)


def test_a_conversation_is_redacted_throughout_and_stays_json() -> None:
    tool: JsonObject = {
        "type": "function",
        "function": {"name": "mail", "description": "Ask it@example.com for access"},
    }
    (cleaned,) = clean([candidate(ASKED, SAID, messages=CONVERSATION, tools=(tool,))])
    assert find(orjson.dumps([*cleaned.messages, *cleaned.tools]).decode()) == ()
    assert cleaned.messages[0] == {"role": "user", "content": cleaned.example.question}
    call = orjson.loads(orjson.dumps(cleaned.messages[1]))["tool_calls"][0]
    assert call["id"] == "call_1"
    assert orjson.loads(call["function"]["arguments"]) == {"to": "[EMAIL_2]"}


def test_a_refused_candidate_is_redacted_too() -> None:
    (cleaned,) = clean([candidate(ASKED, SAID, objections=(NUMBERS,))])
    assert checks(cleaned) == ["numbers"]
    assert find(cleaned.example.answer) == ()


def test_refusing_says_what_was_found_and_changes_nothing() -> None:
    (cleaned,) = clean([candidate(ASKED, SAID)], pii="refuse")
    assert checks(cleaned) == ["pii"]
    assert cleaned.objections[0].says == "holds personal data or secrets: 3 × email, 1 × phone"
    assert cleaned.example == candidate(ASKED, SAID).example


def test_keeping_keeps_it() -> None:
    assert list(clean([candidate(ASKED, SAID)], pii="keep")) == [candidate(ASKED, SAID)]


def test_a_policy_that_is_none_is_refused_before_anything_is_read() -> None:
    with pytest.raises(ConfigError, match="redact, refuse, keep"):
        clean([], pii="drop")  # type: ignore[arg-type]  # what a settings file may say
