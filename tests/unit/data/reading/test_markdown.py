from mainspring.data import Document
from mainspring.data.reading import read_bytes


def read(text: str) -> Document:
    (document,) = read_bytes(text.encode(), "a.md")
    return document


def test_front_matter_is_heeded_and_taken_off() -> None:
    document = read(
        "---\ntitle: The gauge\nlicense: CC-BY-4.0\nsource: https://example.org\nlang: en-GB\ntags: [a]\n---\n"
        "\nWords."
    )
    assert document.text == "Words."
    assert (document.title, document.licence, document.source, document.language) == (
        "The gauge",
        "CC-BY-4.0",
        "https://example.org",
        "en",
    )


def test_front_matter_in_toml_is_heeded_too() -> None:
    assert read('+++\ntitle = "The gauge"\n+++\nWords.').title == "The gauge"


def test_what_only_looks_like_front_matter_stays() -> None:
    assert read("---\n\nJust: a: rule\n\n---\n\nWords.").text.startswith("---\n\nJust")


def test_headings_are_found_outside_of_code() -> None:
    text = (
        "# The *gauge*\n\nWords\nand more\n===\n\nUnder\n-----\n\n```sh\n# no heading\n```\n\n~~~\n## none\n```\n"
        "~~~\n\n### With `code` ###\n\n#no heading\n\n- item\n---\n\n| a |\n|---|\n"
    )
    document = read(text)
    assert [(heading.level, heading.title) for heading in document.headings] == [
        (1, "The gauge"),
        (2, "Under"),
        (3, "With code"),
    ]
    assert document.text.startswith("Under\n", document.headings[1].start)
    assert document.title == "The gauge"


def test_links_are_reduced_to_their_words_but_not_in_code() -> None:
    document = read(
        "See [the `f` docs](http://a.b/c_(d)), ![a wave](w.png), [this][1] and [![ci](b.svg)](http://ci).\n"
        "But `[a](b)` stays.<!-- gone -->\n\n```\n[a](b)\n```\n\n[1]: http://example.org 'Title'\n"
    )
    assert document.text == ("See the `f` docs, a wave, this and ci.\nBut `[a](b)` stays.\n\n```\n[a](b)\n```")


def test_braces_and_templates_are_words_like_others() -> None:
    assert read("{{ user }} {% if x %} {0}").text == "{{ user }} {% if x %} {0}"
