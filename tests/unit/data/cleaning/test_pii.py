"""Personal data and secrets: what is found, what only looks like it, and what redaction leaves."""

import itertools
import string

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mainspring.data.cleaning import Redactor, find, redact

KEY = (
    "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n"
    + "MIIEpAIBAAKCAQEA7bqMIIEpAIBAAKCAQEA7bq\n" * 6
    + "-----END RSA PRIVATE KEY-----"
)
OPEN_KEY = "-----BEGIN PRIVATE KEY-----\n" + "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcw\n" * 3
AWS = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"

PERSONAL = [
    ("email", "ada@example.com"),
    ("email", "ada.lovelace+news@mail.example.co.uk"),
    ("email", "o'brien@example.org"),
    ("email", "müller@büro.example"),
    ("email", "ada@xn--bro-hoa.xn--p1ai"),
    ("phone", "+49 30 901820"),
    ("phone", "+49 (0)30 90 18 20"),
    ("phone", "+49 (0) 171/2345678"),
    ("phone", "+4917612345678"),
    ("phone", "+1 (415) 555-2671"),
    ("phone", "+1-415-555-2671"),
    ("phone", "+44 20 7946 0958"),
    ("phone", "+33 1 23 45 67 89"),
    ("phone", "+39 06 698 1234"),
    ("phone", "+86 138 0013 8000"),
    ("phone", "+358 40 1234567"),
    ("phone", "0049 30 901820"),
    ("phone", "(415) 555-2671"),
    ("phone", "415-555-2671"),
    ("phone", "415.555.2671"),
    ("phone", "1-800-555-0199"),
    ("phone", "01 23 45 67 89"),
    ("phone", "01.23.45.67.89"),
    ("phone", "030 9018 2020"),
    ("phone", "0171/2345678"),
    ("phone", "07700 900123"),
    ("phone", "020 7946 0958"),
    ("phone", "(030) 901820 12"),
    ("card", "4111 1111 1111 1111"),
    ("card", "4111111111111111"),
    ("card", "5500-0000-0000-0004"),
    ("card", "2223003122003222"),
    ("card", "3782 822463 10005"),
    ("card", "371449635398431"),
    ("card", "3056 930902 5904"),
    ("card", "6011000990139424"),
    ("card", "3530111333300000"),
    ("iban", "DE89 3704 0044 0532 0130 00"),
    ("iban", "DE89370400440532013000"),
    ("iban", "GB82 WEST 1234 5698 7654 32"),
    ("iban", "NO93 8601 1117 947"),
    ("iban", "MT84 MALT 0110 0001 2345 MTLC AST0 01S"),
    ("iban", "fr14 2004 1010 0505 0001 3m02 606"),
    ("ip", "203.0.113.77"),
    ("ip", "192.168.178.23"),
    ("ip", "10.0.0.7"),
    ("ip", "8.8.8.8"),
    ("ip", "2001:db8:85a3::8a2e:370:7334"),
    ("ip", "2001:0db8:0000:0000:0000:ff00:0042:8329"),
    ("ip", "fe80::1ff:fe23:4567:890a"),
    ("ip", "fd12:3456:789a:1::1"),
    ("ssn", "536-90-4399"),
    ("national_id", "111.444.777-35"),
    ("national_id", "11010519491231002X"),
    ("national_id", "131052-308T"),
    ("national_id", "1 85 05 78 006 084 91"),
    ("national_id", "RSSMRA85T10A562S"),
    ("national_id", "12345678Z"),
    ("national_id", "X1234567L"),
    ("secret", "AKIAIOSFODNN7EXAMPLE"),
    ("secret", "ghp_" + "a1B2" * 9),
    ("secret", "github_pat_11ABCDEFG0" + "x1Y2" * 8),
    ("secret", "glpat-" + "x1Y2" * 5),
    ("secret", "sk-proj-" + "x1Y2_" * 8),
    ("secret", "sk-ant-api03-" + "x1Y2-" * 8),
    ("secret", "sk-" + "T3BlbkFJx1Y2" * 4),
    ("secret", "xoxb-123456789012-abcdefABCDEF"),
    ("secret", "AIza" + "SyD3x1Y" * 5),
    ("secret", "sk_live_" + "x1Y2" * 6),
    ("secret", "hf_" + "aBcDe" * 7),
    ("secret", TOKEN),
    ("secret", KEY),
    ("secret", OPEN_KEY.strip()),
    ("secret", KEY.replace("\n", "\\n")),
]

LOOKALIKES = [
    "Version 10.15.7.3 of the firmware",
    "see v1.2.3.4 and 4.1.2.3",
    "Section 14.21.30.41 applies",
    "Release 120.0.6099.109, build 22.21.20.30",
    "Python 3.11.9, numpy 2.4.6",
    "127.0.0.1, ::1, 0.0.0.0 and 255.255.255.0",
    "256.300.1.1 is none",
    "ISBN 978-3-16-148410-0",
    "ISBN 0-306-40615-2 and 9783161484100",
    "ISSN 0317-8471",
    "on 2024-03-15 at 12:30:45",
    "on 15.03.2024, 01.02.2023 and 01/02/2023",
    "from 01-02-2023 to 31-12-2024",
    "in 2019-2023 and 1914 - 1918",
    "it cost 1 234 567.89 or 1,234,567 or 1.234.567,89 euros",
    "about +12.5 % or +100 000 000 people",
    "100 000 000 and 200 300 400",
    "order 4500123456 of 20240315",
    "1712345678901 ms, 1712345678 s",
    "4111 1111 1111 1112 fails its checksum",
    "1234567812345678",
    "the id 123e4567-e89b-12d3-a456-426614174000",
    "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "MAC 00:1A:2B:3C:4D:5E",
    "ratio 16:9:4, Genesis 1:1, std::vector, dead::beef, a::b, cafe::bad",
    "icon@2x.png beside @scope/name@1.2.3",
    "git@github.com:owner/repository.git",
    "@ada wrote user@host, and A @ B",
    "DE89 3704 0044 0532 0130 01 fails its checksum",
    "DIN EN 1234 5678 9012 3456",
    "666-12-3456, 000-12-3456, 900-12-3456, 123-00-4567",
    "part 12-345-6789",
    "12345678A has the wrong letter, and 123.456.789-00 the wrong digits",
    "the package sk-learn-contrib-estimators-and-more",
    "postgres://user:${PASSWORD}@localhost/db and https://user:<password>@host",
    "https://example.com:8080/path?x=1@2",
    "-----BEGIN PUBLIC KEY-----",
    "a file that begins with -----BEGIN PRIVATE KEY----- is a key",
    "eyJ is how a token begins",
    "π = 3.14159265358979323846",
    "52.5200, 13.4050 and -0.1278",
    "RFC 2616, EN 301 549, ISO 9001:2015",
    "Sales by phone: 12 %",
    "Boston, MA 02110-1301",
    "np.arange(6) + 98172488, x+98172488",
    "V8 was upgraded to 3.22.24.19, and 2.5.29.15 is an object identifier",
    "gist://username:token@host, mssql://u:p@dsn, git://[path-to-repo[:]][ref@]path",
    "0900 - 1700, 0800 to 1200",
    "1. 2. 3. 4. 5. 6. 7. 8. 9. 10.",
    "",
    "🙂 nothing at all 🙂",
]


@pytest.mark.parametrize(("kind", "words"), PERSONAL, ids=[f"{kind} {words[:24]!r}" for kind, words in PERSONAL])
def test_personal_data_is_found_wherever_it_stands(kind: str, words: str) -> None:
    for around in (
        "{}",
        "Before {} after.",
        "Vorher:{}, nachher",
        "({})",
        "„{}“\n",
        "见{}。",
        "| {} |",
        "{}\r\n{}",
    ):
        text = around.replace("{}", words)
        found = [(one.kind, text[one.start : one.end]) for one in find(text)]
        assert found == [(kind, words)] * around.count("{}")


@pytest.mark.parametrize("text", LOOKALIKES)
def test_what_only_looks_like_personal_data_is_left_alone(text: str) -> None:
    assert [(one.kind, text[one.start : one.end]) for one in find(text)] == []


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("(用户@例子.公司)", "email", "用户@例子.公司"),
        ("Tel.: 9018202", "phone", "9018202"),
        ("Telefon 901 82 02", "phone", "901 82 02"),
        ("phone number: 555 2671", "phone", "555 2671"),
        ("móvil: 612 345 678", "phone", "612 345 678"),
        ("☎ 901820-20", "phone", "901820-20"),
        ("电话:13800138000", "phone", "13800138000"),
        ("SSN: 536904399", "ssn", "536904399"),
        ("social security number is 536 90 4399", "ssn", "536 90 4399"),
        ("the server at 2.3.4.5 answers", "ip", "2.3.4.5"),
        ("postgres://app:hunter2!@db.internal/shop", "secret", "hunter2!"),
        ("redis://:s3cr3t@cache:6379/0", "secret", "s3cr3t"),
        ("Authorization: Bearer abcdefghijklmnop1234567890", "secret", "abcdefghijklmnop1234567890"),
        (f"aws_secret_access_key = {AWS}", "secret", AWS),
        ("DE89 3704 0044 0532 0130 00 BIC COBADEFF", "iban", "DE89 3704 0044 0532 0130 00"),
        ("4111 1111 1111 1111 12/26", "card", "4111 1111 1111 1111"),
    ],
)  # fmt: skip
def test_a_word_before_it_says_what_a_number_is(text: str, kind: str, words: str) -> None:
    assert [(one.kind, text[one.start : one.end]) for one in find(text)] == [(kind, words)]


def test_findings_come_in_the_order_of_the_text_and_do_not_overlap() -> None:
    text = "\n".join(words for _, words in PERSONAL)
    found = find(text)
    assert [one.kind for one in found] == [kind for kind, _ in PERSONAL]
    assert all(one.end <= other.start for one, other in itertools.pairwise(found))


def test_different_addresses_stay_different_and_equal_ones_equal() -> None:
    text = "Write to ada@example.com or bob@example.com (not ADA@example.com), call +49 30 901820 or +4930901820."
    assert redact(text) == "Write to [EMAIL_1] or [EMAIL_2] (not [EMAIL_1]), call [PHONE_1] or [PHONE_1]."


def test_texts_that_belong_together_share_their_placeholders() -> None:
    texts = ["Is ada@example.com right?", "No, bob@example.com is, not ada@example.com."]
    redactor = Redactor(texts)
    assert [redactor.redact(text) for text in texts] == ["Is [EMAIL_1] right?", "No, [EMAIL_2] is, not [EMAIL_1]."]


def test_numbers_that_placeholders_have_already_are_left_out() -> None:
    assert redact("[EMAIL_1] knows ada@example.com") == "[EMAIL_1] knows [EMAIL_2]"


def test_a_password_goes_and_its_url_stays() -> None:
    assert redact("postgres://app:hunter2@db/shop") == "postgres://app:[SECRET_1]@db/shop"


def test_a_text_without_anything_to_find_stays_as_it_is() -> None:
    for text in LOOKALIKES:
        assert redact(text) == text


FRAGMENTS = st.sampled_from([*(words for _, words in PERSONAL), *LOOKALIKES, "[EMAIL_1]", "@", ":", "+", "-----"])
TEXTS = st.lists(FRAGMENTS | st.text(alphabet=string.digits + " .-+@:/()ab\n", max_size=20), max_size=6)


@settings(max_examples=80, deadline=None)
@given(TEXTS, st.sampled_from(["", " ", ",", "\n"]))
@example(["ada@example.com", "415-555-2671"], "")
def test_redaction_leaves_no_finding_and_is_done_once(parts: list[str], between: str) -> None:
    redacted = redact(between.join(parts))
    assert find(redacted) == ()
    assert redact(redacted) == redacted


@settings(max_examples=80, deadline=None)
@given(st.text())
def test_whatever_the_text_places_lie_in_it_and_the_rest_is_untouched(text: str) -> None:
    framed = f"{text}\n Write to ada@example.com, she said.\n{text}"
    assert all(0 <= one.start < one.end <= len(framed) for one in find(framed))
    assert "\n Write to [EMAIL_1], she said.\n" in redact(framed) or "EMAIL" in text or "@" in text


ODD_PIECES = [
    *("a", "1", "1 ", "a.", "a@", "a@b.", "1.", "0:", "+1", "(0", "AB12 ", "0 1-", "tel. 1 ", "x://", "x://:"),
    *("-----BEGIN PRIVATE KEY-----\n", "eyJaaaaaaaa.", "sk-", "bearer "),
]


@pytest.mark.parametrize("piece", ODD_PIECES)
def test_the_time_a_text_takes_grows_with_its_length_only(piece: str) -> None:
    """A form that a pattern tries again from every place would run into the time limit of a test."""
    assert isinstance(find(piece * (50_000 // len(piece))), tuple)
