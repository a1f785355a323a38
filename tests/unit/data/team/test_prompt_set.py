"""Which prompt files the team works by."""

from pathlib import Path

import pytest

from mainspring.core.errors import ConfigError
from mainspring.data.team import PromptSet
from mainspring.data.team.prompts import FOLDER, NAMES


def write(folder: Path, name: str, version: int, *, instead: tuple[str, str] = ("", "")) -> Path:
    """Write a version of a shipped prompt with other words into a folder, and give the folder."""
    folder.mkdir(exist_ok=True)
    shipped = (FOLDER / f"{name}.v1.prompt.md").read_text(encoding="utf-8")
    words = shipped.replace("version: 1", f"version: {version}").replace(*instead)
    (folder / f"{name}.v{version}.prompt.md").write_text(words, encoding="utf-8")
    return folder


def test_the_newest_version_of_each_member_is_taken(tmp_path: Path) -> None:
    folder = write(tmp_path / "mine", "judge", 9)
    write(folder, "judge", 10)
    prompts = PromptSet.load(folders=[folder])
    assert set(prompts.prompts) == set(NAMES)
    assert prompts["judge"].version == "10"
    assert prompts["answer_writer"] == PromptSet.load()["answer_writer"]


def test_a_version_that_is_named_is_taken_instead(tmp_path: Path) -> None:
    folder = write(tmp_path / "mine", "question_writer", 2, instead=("one thing", "two things"))
    newest = PromptSet.load(folders=[folder])
    named = PromptSet.load(folders=[folder], versions=["question_writer@1"])
    assert "two things" in newest["question_writer"].body
    assert named["question_writer"] == PromptSet.load()["question_writer"]


def test_the_users_folder_goes_before_the_shipped_files_and_a_later_one_before_an_earlier(tmp_path: Path) -> None:
    first = write(tmp_path / "first", "judge", 1, instead=("Be strict", "Be mild"))
    second = write(tmp_path / "second", "judge", 1, instead=("Be strict", "Be fair"))
    assert "Be mild" in PromptSet.load(folders=[first])["judge"].body
    assert "Be fair" in PromptSet.load(folders=[first, second])["judge"].body


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        ("writer@1", "no prompt 'writer' in the team; it has house, concept_extractor"),
        ("judge@7", "no version '7' of prompt 'judge'; there are"),
        ("judge", "'judge' names no version of a prompt; write it as question_writer@1"),
        ("judge@", "'judge@' names no version"),
    ],
)
def test_what_there_is_not_is_said_in_words(wish: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        PromptSet.load(versions=[wish])


def test_a_folder_that_is_not_there_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no folder"):
        PromptSet.load(folders=[tmp_path / "nowhere"])


def test_other_words_or_sampling_have_another_digest_and_other_descriptions_have_not(tmp_path: Path) -> None:
    shipped = PromptSet.load()["judge"]
    words = PromptSet.load(folders=[write(tmp_path / "words", "judge", 1, instead=("Be strict", "Be mild"))])
    warmer = PromptSet.load(
        folders=[write(tmp_path / "warm", "judge", 1, instead=("temperature: 0", "temperature: 1"))]
    )
    described = PromptSet.load(
        folders=[write(tmp_path / "told", "judge", 1, instead=("description: Says", "description: Tells"))]
    )
    assert len({shipped.digest, words["judge"].digest, warmer["judge"].digest}) == 3
    assert described["judge"].digest == shipped.digest
    assert shipped.mark == f"1:{shipped.digest}"


def test_a_prompt_that_was_kept_and_read_again_says_the_same(tmp_path: Path) -> None:
    kept = PromptSet.load()
    read = PromptSet.model_validate_json(kept.model_dump_json())
    assert read == kept
    for name in NAMES:
        assert read[name].digest == kept[name].digest
    inputs = {"question": "Why {{ 7 * 7 }}?", "answer": "{% raw %}"}
    assert read["judge"].prompt.render(inputs) == kept["judge"].prompt.render(inputs)
    assert "{{ 7 * 7 }}" in read["judge"].prompt.render(inputs)


def test_the_judges_mark_is_left_out_where_there_is_no_judge() -> None:
    prompts = PromptSet.load()
    assert set(prompts.marks(judge=True)) == set(NAMES)
    assert set(prompts.marks(judge=False)) == set(NAMES) - {"judge"}
