import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainspring.data.reading import read_bytes
from mainspring.data.reading.encoding import decode
from mainspring.data.reading.tidy import tidy


def test_text_is_given_one_form() -> None:
    assert tidy("\ufeffcafe\u0301  \r\nnext\ra\x00b\x1b\t|\n\n\n\n\nlast\ud800\n \n") == (
        "caf\u00e9\nnext\nab\t|\n\nlast\ufffd"
    )


@given(st.text(st.characters(codec=None)))
def test_the_form_of_a_text_is_final(text: str) -> None:
    once = tidy(text)
    assert tidy(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert "\n\n\n" not in once
    assert once.encode().decode() == once


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_unicode_is_known_by_its_mark_or_its_pattern(encoding: str) -> None:
    decoded = decode("Größe and more words".encode(encoding))
    assert (decoded.text, decoded.notes) == ("Größe and more words", ())


def test_what_is_declared_is_believed_where_it_is_not_utf8() -> None:
    assert decode("Żółw".encode("iso-8859-2"), "iso-8859-2").text == "Żółw"
    assert decode("Żółw".encode(), "iso-8859-2").text == "Żółw"


@pytest.mark.parametrize("declared", ["", "no-such", "hex", "unicode_escape", "a\0b", "\ud800"])
def test_a_declaration_that_is_none_leaves_a_guess_that_is_noted(declared: str) -> None:
    decoded = decode("Die Größe der Übung für die Schüler".encode("cp1252"), declared)
    assert decoded.text == "Die Größe der Übung für die Schüler"
    assert decoded.notes == ("the encoding is a guess: cp1252",)


def test_russian_of_old_systems_is_guessed() -> None:
    text = "Уровень воды измеряют утром, и записывает его тот, кто стоит на вахте в этот день."
    assert decode(text.encode("cp1251")).text == text
    assert decode(text.encode("koi8-r")).text == text


def test_bytes_that_are_lost_are_noted() -> None:
    raw = ("Größe " * 20).encode() + b"\xff"
    (document,) = read_bytes(raw, "a.txt")
    assert document.text.endswith("Größe \ufffd")
    assert document.notes == ("1 places hold bytes that are not UTF-8",)
