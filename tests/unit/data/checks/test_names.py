"""Names of answers that stand in the source, and names that do not."""

import pytest

from tests.unit.data.checks.asking import objections, said

SOURCE = (
    "The World Health Organization was founded in Geneva. Its head, Dr. Marie-Anne Lefèvre, uses the tool "
    "`tidy_up --all` with the file conf/main.toml, and writes to lefevre@example.org. CamelCase and GPUs are known "
    "there. American doctors call it “a quiet place”."
)


def names(answer: str, question: str = "What is the organization like?", language: str = "en") -> list[str]:
    return said("names", objections(SOURCE, question, answer, language=language))


@pytest.mark.parametrize(
    "answer",
    [
        "It was founded in Geneva by the WHO.",
        "The head is Marie-Anne Lefevre.",
        "The head is Lefèvre's friend.",
        "One calls `tidy_up --all` there, with conf/main.toml.",
        "One writes to lefevre@example.org for a GPU.",
        "Doctors in America call it \"a Quiet Place\".",
        "It has CamelCase. Everybody knows that.",
        "In short: Good. Quiet. Known.",
        "- First it was founded\n- Then it was quiet",
        "Yes, I think so; in January it is.",
    ],
)  # fmt: skip
def test_a_name_of_the_source_may_be_written_in_another_form(answer: str) -> None:
    assert names(answer) == []


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        ("It was founded in Basel.", "Basel"),
        ("Its head is Marie-Anne Dubois.", "Dubois"),
        ("It is a part of UNESCO today.", "UNESCO"),
        ("One calls `tidy_down` there.", "tidy_down"),
        ("It reads conf/other.toml first.", "conf/other.toml"),
        ("One writes to dubois@example.org there.", "dubois@example.org"),
        ("One reads https://example.org/x there.", "https://example.org/x"),
        ("It uses PascalCase there.", "PascalCase"),
        ("One passes --none to it.", "--none"),
        ("They call it “a noisy place”.", "a noisy place"),
        ("They have an A100 there.", "A100"),
    ],
)
def test_a_name_that_is_not_there_is_named(answer: str, name: str) -> None:
    (says,) = names(answer)
    assert repr(name) in says


def test_the_first_word_counts_where_the_question_asks_for_a_name() -> None:
    assert names("Dubois is the head.", question="Who is the head of the organization?") != []
    assert names("Doctors are the head.", question="How is the organization led?") == []


def test_a_name_of_the_question_may_be_repeated() -> None:
    assert names("Geneva is larger than Basel.", question="Is Geneva larger than Basel?") == []


def test_german_nouns_are_not_taken_for_names() -> None:
    assert (
        said(
            "names", objections("Der Kessel wird heiß.", "Was geschieht?", "Dann steigt Dampf auf.", language="de")
        )
        == []
    )
