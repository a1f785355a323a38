"""Numbers of answers that stand in the source, in whatever form, and numbers that do not."""

import pytest

from tests.unit.data.checks.asking import objections, said


def numbers(source: str, answer: str, language: str = "en", question: str = "What is it about?") -> list[str]:
    return said("numbers", objections(source, question, answer, language=language))


@pytest.mark.parametrize(
    ("language", "source", "answer"),
    [
        ("en", "It holds 1,000 l.", "It holds 1000 l."),
        ("en", "It holds 1 000 l.", "It holds 1,000 litres."),
        ("en", "It holds 1'000 l.", "It holds 1000 l."),
        ("de", "Es fasst 1.000 l.", "Es fasst 1000 Liter."),
        ("de", "Es wiegt 2,50 kg.", "Es wiegt 2,5 kg."),
        ("fr", "Il pèse 2,5 kg.", "Il pèse 2.5 kg."),
        ("es", "Pesa 1.234,5 kg.", "Pesa 1234,5 kg."),
        ("en", "There are three of them.", "There are 3."),
        ("en", "There are 21.", "There are twenty-one of them."),
        ("en", "It cost two hundred and five dollars.", "It cost $205."),
        ("en", "Three million people came.", "3,000,000 people came."),
        ("en", "1.5 million people came.", "1,500,000 people came."),
        ("de", "Es sind 25.", "Es sind fünfundzwanzig."),
        ("fr", "Il y en a 72.", "Il y en a soixante-douze."),
        ("es", "Son 32.", "Son treinta y dos."),
        ("en", "It needs 2 GB.", "It needs 2GB."),
        ("en", "It is 50 %.", "It is 50 percent."),
        ("de", "Es sind 50 Prozent.", "Es sind 50%."),
        ("en", "It costs €12.", "It costs 12 euros."),
        ("en", "It was on 3 May 1990.", "It was on 1990-05-03."),
        ("en", "It was on May 3rd, 1990.", "It was on 3 May 1990, so in May 1990."),
        ("en", "It was in May of 1990, on the 3rd.", "It was on May 3, 1990."),
        ("en", "It was on 03/05/1990.", "It was on 3 May 1990."),
        ("de", "Es war am 3. Mai 1990.", "Es war am 03.05.1990."),
        ("fr", "C'était le 1er mars 1848.", "C'était le 1 mars 1848."),
        ("es", "Fue el 3 de mayo de 1990.", "Fue el 3/5/1990."),
        ("en", "It opens at 5 pm.", "It opens at 17:00."),
        ("en", "It opens at 17:30.", "It opens at 5:30 p.m."),
        ("de", "Es öffnet um 8.30 Uhr.", "Es öffnet um 8:30 Uhr."),
        ("en", "It needs version 3.10.2.", "It needs 3.10.2."),
        ("en", "It falls to -5 °C.", "It falls to -5 degrees Celsius."),
        ("en", "The length (km) is 5.", "It is 5 km long."),
        ("en", "It was built from 1939-45.", "It was built from 1939 to 45."),
        ("en", "He took apples, pears, plums and figs.", "He took four kinds of fruit."),
        ("en", "- oil\n- water\n- sand\n- salt\n- lime", "It takes 5 things."),
        ("en", "It takes 3 cups of milk and 4 cups of tea.", "It takes 3 cups of milk and 4 of tea, 7 in all."),
        ("en", "It began in 1900 and ended in 1914.", "It took 14 years, from 1900 to 1914."),
        ("en", "The third one was the best.", "The best was no. 3."),
        ("en", "Open the lid. Take out the bag.", "1. Open the lid.\n2. Take out the bag."),
        ("en", "Open the lid. Take out the bag.", "Step 1: open the lid. Step 2: take out the bag."),
        ("en", "A thing fell.", "One of the things fell."),
        ("fr", "Le moteur est en bon état.", "Un moteur neuf."),
    ],
)  # fmt: skip
def test_a_number_may_be_written_in_another_way(language: str, source: str, answer: str) -> None:
    assert numbers(source, answer, language) == []


@pytest.mark.parametrize(
    ("language", "source", "answer", "shown"),
    [
        ("en", "It holds 1,000 l.", "It holds 100 l.", "100"),
        ("en", "It holds 1,000 l.", "It holds 1.000 l.", "1.000"),
        ("de", "Es fasst 1.000 l.", "Es fasst 1 l.", "1 l"),
        ("de", "Es wiegt 2,5 kg.", "Es wiegt 25 kg.", "25"),
        ("en", "There are three of them.", "There are four.", "four"),
        ("en", "Three million people came.", "Three thousand people came.", "thousand"),
        ("en", "It needs 2 GB.", "It needs 2 TB.", "another unit"),
        ("en", "It takes 30 minutes.", "It takes 30 hours.", "another unit"),
        ("en", "It is 50 %.", "It is 15 %.", "15"),
        ("en", "It was on 3 May 1990.", "It was on 4 May 1990.", "4 May 1990"),
        ("en", "It was on 3 May 1990, and over in 1991.", "It was on 3 May 1991.", "3 May 1991"),
        ("en", "It was on 3 May 1990.", "It was in June 1990.", "June 1990"),
        ("en", "It opens at 5 pm.", "It opens at 5 am.", "5 am"),
        ("en", "It needs version 3.10.", "It needs version 3.1.", "3.1"),
        ("en", "It needs version 3.10.2.", "It needs version 3.10.3.", "3.10.3"),
        ("en", "It rises to 5 °C.", "It falls to -5 °C.", "-5"),
        ("en", "He took apples, pears, plums and figs.", "He took 5 kinds of fruit.", "5"),
        ("en", "It began in 1900 and ended in 1914.", "It took 15 years, from 1900 to 1914.", "15"),
    ],
)
def test_a_number_that_is_not_there_is_named(language: str, source: str, answer: str, shown: str) -> None:
    (says,) = numbers(source, answer, language)
    assert shown in says


def test_a_number_of_the_question_may_be_repeated() -> None:
    assert numbers("It is heavy.", "A wheel of 12 kg is heavy.", question="Is a wheel of 12 kg heavy?") == []


def test_numbers_in_a_text_of_an_unknown_language_are_held_against_it_all_the_same() -> None:
    assert numbers("水泵每分钟转 1500 转。", "每分钟 1500 转。", "zh") == []
    assert len(numbers("水泵每分钟转 1500 转。", "每分钟 1600 转。", "zh")) == 1
