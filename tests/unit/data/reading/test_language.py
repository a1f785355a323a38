import pytest

from mainspring.data.reading import language_of

TEXTS = {
    "en": "Everyone has the right to freedom of thought, and this right includes freedom to change it.",
    "de": "Jeder hat das Recht auf Gedankenfreiheit; dieses Recht schließt die Freiheit ein, es zu wechseln.",
    "fr": "Toute personne a droit à la liberté de pensée ; ce droit implique la liberté d'en changer.",
    "es": "Toda persona tiene derecho a la libertad de pensamiento; este derecho incluye la libertad de cambiar.",
    "it": "Ogni individuo ha diritto alla libertà di pensiero; tale diritto include la libertà di cambiare.",
    "pt": "Toda a pessoa tem direito à liberdade de pensamento; este direito implica a liberdade de mudar.",
    "nl": "Een ieder heeft recht op vrijheid van gedachte; dit recht omvat de vrijheid om te veranderen.",
    "sv": "Var och en har rätt till tankefrihet; denna rätt innefattar frihet att byta och att ha en annan.",
    "pl": "Każdy człowiek ma prawo do wolności myśli; prawo to obejmuje także wolność zmiany, jeśli ją ma.",
    "ru": "Каждый человек имеет право на свободу мысли; это право включает свободу менять её, если он был.",
    "uk": "Кожна людина має право на свободу думки; це право включає свободу змінювати її в цій країні.",
    "zh": "人人有思想、良心和宗教自由的权利；此项权利包括改变的自由。",
    "ja": "すべて人は、思想の自由に対する権利を有する。この権利は、変更する自由を含む。",
    "ko": "모든 사람은 사상의 자유를 누릴 권리를 가진다. 이 권리는 바꿀 자유를 포함한다.",
    "ar": "لكل شخص الحق في حرية التفكير، ويشمل هذا الحق حرية تغيير ديانته أو عقيدته.",
    "el": "Κάθε άτομο έχει το δικαίωμα της ελευθερίας της σκέψης και το δικαίωμα αυτό.",
    "he": "כל אדם זכאי לחירות המחשבה; חירות זו כוללת את הזכות להמיר את דתו.",
    "hi": "प्रत्येक व्यक्ति को विचार की स्वतंत्रता का अधिकार है।",
}


@pytest.mark.parametrize("language", TEXTS)
def test_a_sentence_tells_its_language(language: str) -> None:
    assert language_of(TEXTS[language]) == language


@pytest.mark.parametrize("text", ["", "42", "Pegel Dresden", "x = y + 1; foo(bar)", "هر شخصی پنج گربه دارد"])
def test_nothing_is_said_where_it_is_not_certain(text: str) -> None:
    assert language_of(text) == ""


def test_two_languages_in_equal_parts_are_none() -> None:
    assert language_of((TEXTS["en"] + " " + TEXTS["de"]) * 3) == ""


def test_most_of_a_long_text_decides() -> None:
    assert language_of(TEXTS["en"] + "\n" + TEXTS["fr"] * 10_000) == "fr"
