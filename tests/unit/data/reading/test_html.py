import pytest

from mainspring.data import Document
from mainspring.data.reading import Unreadable, read_bytes

SENTENCE = "The gauge is read in the morning, and what it says is written down by whoever has the watch. "


def read(body: str, head: str = "") -> Document:
    page = f'<!doctype html><html lang="en-GB"><head>{head}</head><body>{body}</body></html>'
    (document,) = read_bytes(page.encode(), "a.html")
    return document


def test_menus_and_footers_are_dropped_and_headings_kept() -> None:
    links = "".join(f'<li><a href="/{place}">Menu entry number {place}</a></li>' for place in range(30))
    document = read(
        f"<nav><ul>{links}</ul></nav><article><h1>The <i>gauge</i></h1><p>{SENTENCE * 3}</p>"
        f"<h2>Reading</h2><p>{SENTENCE * 3}</p></article><footer><ul>{links}</ul></footer>"
    )
    assert "Menu entry" not in document.text
    assert [(heading.title, heading.level) for heading in document.headings] == [("The gauge", 1), ("Reading", 2)]
    assert all(document.text.startswith(heading.title, heading.start) for heading in document.headings)


def test_lists_between_paragraphs_of_the_main_text_are_kept_and_lists_of_links_are_not() -> None:
    items = "".join(f"<li>Rule {place} says what the watch does at hour {place}.</li>" for place in range(12))
    links = "".join(f'<li><a href="#{place}">Rule number {place}</a></li>' for place in range(12))
    document = read(
        f"<h1>Rules</h1><ul>{links}</ul><h2>All rules</h2><p>{SENTENCE * 3}</p><ul>{items}</ul>"
        f"<p>{SENTENCE * 2}</p><ol>{items}</ol>"
    )
    assert document.text.count("Rule 7 says") == 2
    assert "Rule number" not in document.text
    assert [heading.title for heading in document.headings] == ["Rules", "All rules"]


def test_a_page_without_a_main_text_is_read_whole() -> None:
    document = read("<p>Only <b>this</b>.</p><script>var no = 1;</script><ul><li>one<li>two</ul>")
    assert document.text == "Only this.\n\n- one\n- two"


def test_code_keeps_its_lines_and_tables_their_rows() -> None:
    document = read(
        f"<h1>Code</h1><p>{SENTENCE * 4}</p><pre>if x:\n    y()\n</pre>"
        "<table><tr><th>Name</th><th>Level</th></tr><tr><td><p>Ada</p></td><td>3<br>m</td></tr></table>"
        "<ol><li>first<ul><li>inner</li></ul></li><li>second</li></ol>"
    )
    assert "\n\nif x:\n    y()\n\nName | Level\nAda | 3" in document.text
    assert document.text.endswith("1. first\n  - inner\n2. second")


def test_a_page_says_its_title_language_licence_and_address() -> None:
    head = (
        "<title>The\n gauge</title><link rel=canonical href='https://example.org/gauge'>"
        "<link rel=license href='https://creativecommons.org/publicdomain/zero/1.0/'>"
    )
    document = read(f"<p>{SENTENCE}</p><img src=a.png>", head)
    assert (document.title, document.language) == ("The gauge", "en")
    assert document.source == "https://example.org/gauge"
    assert document.licence == "https://creativecommons.org/publicdomain/zero/1.0/"
    assert document.notes == ("images that are not read: 1",)


def test_the_encoding_is_what_the_page_declares() -> None:
    raw = "<html><meta charset=iso-8859-2><p>Żółw".encode("iso-8859-2")
    assert read_bytes(raw, "a.html")[0].text == "Żółw"


def test_markup_that_is_nested_without_end_is_given_up_and_not_cut() -> None:
    with pytest.raises(Unreadable, match="too deeply"):
        read("<p>Words.</p>" + "<div>" * 5000 + "deep")
