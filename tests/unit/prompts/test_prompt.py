import hashlib
from pathlib import Path

import pytest

from mainspring import Prompt, Sampling
from mainspring.core.errors import ConfigError

WHOLE = """---
name: sizer
description: Sizes things.
version: 3
model: openai:gpt-5-mini
inputs:
  unit: what to count in
output:
  type: object
sampling:
  temperature: 0.2
  stop: [END]
---

Count in {{ unit }}.

"""


def written(folder: Path, text: str, name: str = "sizer.prompt.md") -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


def test_front_matter_is_read_and_kept_out_of_the_words(tmp_path: Path) -> None:
    prompt = Prompt.load(written(tmp_path, WHOLE))
    assert (prompt.name, prompt.version, prompt.model) == ("sizer", 3, "openai:gpt-5-mini")
    assert prompt.inputs == {"unit": "what to count in"}
    assert prompt.output == {"type": "object"}
    assert prompt.sampling == Sampling(temperature=0.2, stop=("END",))
    assert prompt.render({"unit": "GiB"}) == "Count in GiB."


@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_a_file_with_other_line_ends_is_read_the_same(tmp_path: Path, newline: str) -> None:
    prompt = Prompt.load(written(tmp_path, WHOLE.replace("\n", newline)))
    assert prompt.name == "sizer"
    assert prompt.render({"unit": "GiB"}) == "Count in GiB."


def test_a_file_with_a_byte_order_mark_is_read_the_same(tmp_path: Path) -> None:
    prompt = Prompt.load(written(tmp_path, "\ufeff" + WHOLE))
    assert prompt.name == "sizer"
    assert prompt.render({"unit": "GiB"}) == "Count in GiB."


@pytest.mark.parametrize(("name", "called"), [("a.prompt.md", "a"), ("b.md", "b"), ("c.d.prompt.md", "c.d")])
def test_a_file_without_front_matter_is_all_words_and_named_after_itself(
    tmp_path: Path, name: str, called: str
) -> None:
    prompt = Prompt.load(str(written(tmp_path, "Be brief.\n\n---\n\nAlways.\n", name)))
    assert prompt.name == called
    assert prompt.version == 1
    assert prompt.render() == "Be brief.\n\n---\n\nAlways."


def test_empty_front_matter_is_front_matter(tmp_path: Path) -> None:
    assert Prompt.load(written(tmp_path, "---\n---\nBe brief.\n")).render() == "Be brief."


def test_front_matter_alone_is_a_prompt_of_no_words(tmp_path: Path) -> None:
    prompt = Prompt.load(written(tmp_path, "---\nname: silent\n---"))
    assert (prompt.name, prompt.render()) == ("silent", "")


def test_front_matter_that_is_not_closed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"sizer\.prompt\.md.*not closed"):
        Prompt.load(written(tmp_path, "---\nname: sizer\nBe brief.\n"))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"missing\.prompt\.md"):
        Prompt.load(tmp_path / "missing.prompt.md")


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "odd.prompt.md"
    path.write_bytes(b"\xff\xfe\xff")
    with pytest.raises(ConfigError, match=r"odd\.prompt\.md.*cannot be read"):
        Prompt.load(path)


def test_front_matter_that_is_no_yaml_is_refused_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"(?s)sizer\.prompt\.md.*not YAML.*line 2"):
        Prompt.load(written(tmp_path, "---\nname: [sizer\nversion: 1\n---\nBe brief."))


def test_front_matter_that_makes_objects_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="not YAML"):
        Prompt.load(written(tmp_path, "---\nname: !!python/object/apply:os.getcwd []\n---\nBe brief."))


@pytest.mark.parametrize(
    ("front", "place"),
    [
        ("nmae: sizer", "nmae"),
        ("sampling: {temperatur: 1}", "sampling.temperatur"),
        ("sampling: {temperature: -1}", "sampling.temperature"),
        ("inputs: [unit]", "inputs"),
        ("- a list", "dictionary"),
    ],
)
def test_wrong_front_matter_is_refused_and_the_key_named(tmp_path: Path, front: str, place: str) -> None:
    with pytest.raises(ConfigError, match="front matter is wrong") as refusal:
        Prompt.load(written(tmp_path, f"---\n{front}\n---\nBe brief."))
    assert place in str(refusal.value)
    assert "sizer.prompt.md" in str(refusal.value)


def test_a_broken_template_is_refused_when_loaded_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"sizer\.prompt\.md', line 6: "):
        Prompt.load(written(tmp_path, "---\nname: sizer\n---\nOne.\nTwo.\n{% if %}\n"))


def test_an_undefined_name_is_an_error_not_an_empty_word() -> None:
    with pytest.raises(ConfigError, match="'inline' cannot be rendered: 'unit' is undefined"):
        Prompt("Count in {{ unit }}.").render()


def test_a_missing_input_is_named() -> None:
    prompt = Prompt("Count in {{ unit }}.", name="sizer", inputs={"unit": "what to count in"})
    with pytest.raises(ConfigError, match=r"'sizer' takes the inputs \['unit'\], was given \[\]"):
        prompt.render()


def test_an_unknown_input_is_named() -> None:
    prompt = Prompt("Count in {{ unit }}.", name="sizer", inputs={"unit": "what to count in"})
    with pytest.raises(ConfigError, match=r"\['unit'\], was given \['unit', 'units'\]"):
        prompt.render({"unit": "GiB", "units": "GiB"})


def test_inputs_for_words_that_take_none_are_refused() -> None:
    for prompt in (Prompt("Be brief."), Prompt("Say {{ x }}.", verbatim=True)):
        with pytest.raises(ConfigError, match=r"takes no inputs, was given \['x'\]"):
            prompt.render({"x": 1})


def test_a_declared_input_need_not_be_used() -> None:
    assert Prompt("Be brief.", inputs={"unit": "not used yet"}).render({"unit": "GiB"}) == "Be brief."


@pytest.mark.parametrize(
    "body",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ x.__init__.__globals__ }}",
        "{{ x['__class__'] or x | attr('__class__') }}",
        "{{ items.append(1) }}",
        "{% for n in range(10000000) %}{{ n }}{% endfor %}",
    ],
)
def test_what_the_sandbox_forbids_is_an_error(body: str) -> None:
    with pytest.raises(ConfigError, match="'inline' cannot be rendered"):
        Prompt(body).render({"x": test_what_the_sandbox_forbids_is_an_error, "items": [0]})


@pytest.mark.parametrize("body", ["{{ 1 / 0 }}", "{{ n + 'a' }}", "{{ '%d' % 'a' }}", "{{ n.missing.more }}"])
def test_a_template_that_fails_while_it_is_filled_in_is_named(body: str) -> None:
    with pytest.raises(ConfigError, match="'sizer' cannot be rendered"):
        Prompt(body, name="sizer").render({"n": 1})


def test_templates_loop_and_choose() -> None:
    body = "{% for unit in units %}\n- {{ unit }}\n{% endfor %}\n{% if short %}\nBe brief.\n{% endif %}"
    assert Prompt(body).render({"units": ["GiB", "TB"], "short": True}) == "- GiB\n- TB\nBe brief."


def test_words_are_not_escaped_for_a_web_page() -> None:
    assert Prompt("Is {{ x }}?").render({"x": "a < b & c"}) == "Is a < b & c?"


@pytest.mark.parametrize("body", ["Reply as {{json}}.", "{% raw", "  {not a template}  ", "{# no comment #}"])
def test_verbatim_words_are_left_as_they_are(body: str) -> None:
    assert Prompt(body, verbatim=True).render() == body


def test_the_digest_is_that_of_the_template() -> None:
    body = "Count in {{ unit }}."
    assert (
        Prompt(body, name="a").digest == Prompt(body, name="b").digest == hashlib.sha256(body.encode()).hexdigest()
    )
    assert Prompt(body + " Always.").digest != Prompt(body).digest
