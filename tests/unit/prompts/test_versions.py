"""Versions of prompts, side by side in folders."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mainspring import Prompt
from mainspring.core.errors import ConfigError
from mainspring.prompts import load_versions, shipped_prompts

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write prompt files into a folder, and give the folder."""

    def written(folder: str = "prompts", **files: str) -> Path:
        place = tmp_path / folder
        place.mkdir(exist_ok=True)
        for name, text in files.items():
            (place / f"{name.replace('__', '.')}.prompt.md").write_text(text, encoding="utf-8")
        return place

    return written


def test_the_highest_number_is_the_version_that_is_worked_by(write: Write) -> None:
    folder = write(ask__v2="Two.", ask__v10="Ten.", ask__v9="Nine.", judge="Judge.")
    found = load_versions(folder)
    assert list(found) == ["ask", "judge"]
    assert [prompt.version for prompt in found["ask"]] == [2, 9, 10]
    assert found.pick("ask").body == "Ten."


def test_a_version_is_picked_by_its_number_in_the_name_or_beside_it(write: Write) -> None:
    found = load_versions(write(ask__v1="One.", ask__v2="Two."))
    assert found.pick("ask@1").body == found.pick("ask", 1).body == found.pick("ask", "1").body == "One."


def test_a_later_folder_goes_before_an_earlier_one_whatever_its_number(write: Write) -> None:
    shipped = write("shipped", ask__v1="One.", ask__v2="Two.", judge="Judge.")
    own = write("own", ask__v1="Mine.")
    found = load_versions(shipped, own)
    assert found.pick("ask").body == "Mine."
    assert found.pick("ask@2").body == "Two."
    assert found.pick("judge").body == "Judge."
    assert load_versions(own, shipped).pick("ask").body == "Two."


def test_front_matter_may_leave_out_what_the_name_of_the_file_says(write: Write) -> None:
    folder = write(ask__v3="---\nchanges: It asks shorter.\n---\nAsk.")
    prompt = load_versions(folder).pick("ask")
    assert (prompt.name, prompt.version, prompt.changes) == ("ask", 3, "It asks shorter.")
    assert prompt.path == folder / "ask.v3.prompt.md"


@pytest.mark.parametrize(
    ("front", "says"),
    [
        ("description: Asks.\nversion: 2", r"ask\.v3\.prompt\.md', line 3: its version is 2, .* says 3"),
        ("name: asks", r"ask\.v3\.prompt\.md', line 2: its name is 'asks', .* says 'ask'"),
        ("version: '3'", "line 2: its version is '3', .* says 3"),
    ],
)
def test_front_matter_that_says_otherwise_than_the_name_of_its_file_is_refused(
    write: Write, front: str, says: str
) -> None:
    with pytest.raises(ConfigError, match=says):
        load_versions(write(ask__v3=f"---\n{front}\n---\nAsk."))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("---\nversion: 1\nsampling:\n  temperatur: 1\n---\nAsk.", r"ask\.v1\.prompt\.md'.*line 4, sampling"),
        ("---\nversion: 1\ninputs: 3\n---\nAsk.", "line 3, inputs"),
        ("---\nversion: [1\n---\nAsk.", r"(?s)ask\.v1\.prompt\.md'.*not YAML.*line 2"),
        ("---\nversion: 1\n---\n\n\nOne.\n{{ two\n", r"ask\.v1\.prompt\.md', line 7: "),
        ("One.\n{{ two\n", r"ask\.v1\.prompt\.md', line 2: "),
        ("---\nversion: 1\n", r"ask\.v1\.prompt\.md', line 1: the front matter is not closed"),
    ],
)
def test_a_broken_file_is_refused_with_its_name_and_the_line(write: Write, text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        load_versions(write(ask__v1=text))


def test_two_files_of_one_version_are_refused_and_both_named(write: Write) -> None:
    folder = write(ask__v2="Two.", ask="---\nversion: 2\n---\nTwo, too.")
    with pytest.raises(ConfigError, match=r"ask\.prompt\.md' and .*ask\.v2\.prompt\.md' are both version 2"):
        load_versions(folder)


def test_names_that_sound_alike_are_suggested(write: Write) -> None:
    found = load_versions(write(question_writer="Ask.", answer_writer="Answer.", judge="Judge."))
    with pytest.raises(ConfigError, match="there is no prompt 'qestion_writer'; did you mean 'question_writer'"):
        found.pick("qestion_writer")
    with pytest.raises(ConfigError, match="no prompt 'zzz'; there are answer_writer, judge, question_writer"):
        found.pick("zzz@1")


def test_a_version_that_is_not_there_is_refused_and_those_that_are_named(write: Write) -> None:
    with pytest.raises(ConfigError, match="no version '3' of prompt 'ask'; there are 1, 2"):
        load_versions(write(ask__v1="One.", ask__v2="Two.")).pick("ask@3")


def test_a_folder_without_prompts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="holds no prompts"):
        load_versions(tmp_path)
    with pytest.raises(ConfigError, match="there is no folder"):
        load_versions(tmp_path / "nowhere")


def test_a_version_is_told_by_its_words_and_its_sampling(write: Write) -> None:
    found = load_versions(write(ask__v1="Ask.", ask__v2="---\nsampling: {temperature: 0}\n---\nAsk."))
    one, two = found["ask"]
    assert one.digest == two.digest
    assert one.sampling_digest != two.sampling_digest
    assert one.version_digest != two.version_digest
    assert one.sampling_digest == Prompt("Something else.").sampling_digest
    assert one.version_digest == Prompt("Ask.", name="another").version_digest


def test_every_shipped_prompt_is_found_in_its_room() -> None:
    found = shipped_prompts()
    assert found["agent"].pick("judge").description
    assert {"results", "structured", "text"} <= set(found["models/modes"])
    assert "results" in found["runs/plans"]
