"""The rules around fastText: scripts, romanised Hindi, and what is no language at all."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

import infra.triton

_FILE = Path(infra.triton.__file__).parent / "repository" / "language" / "1" / "telling.py"


def load() -> ModuleType:
    """The file as Triton's model imports it: from beside itself, not from a package."""
    spec = importlib.util.spec_from_file_location("telling", _FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


telling = load()


class Identify:
    """fastText, as far as it is asked: the same answer always, and what it was asked."""

    def __init__(self, **chances: float) -> None:
        self.chances = chances or {"en": 0.9}
        self.asked: list[str] = []

    def __call__(self, text: str, k: int = 1):
        """Labels and probabilities, best first."""
        assert "\n" not in text, "fastText refuses lines"
        self.asked.append(text)
        best = sorted(self.chances.items(), key=lambda each: -each[1])[:k]
        return (
            tuple(f"__label__{name}" for name, _ in best),
            tuple(chance for _, chance in best),
        )


def tell(text: str, **chances: float) -> tuple[str, float]:
    """What is said of the text."""
    return telling.Telling(Identify(**chances)).tell(text)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("என் ஆர்டர் எங்கே?", "ta"),
        ("আমার অর্ডার কোথায়?", "bn"),
        ("मेरा ऑर्डर कहाँ है?", "hi"),
        ("Order SO-4711 का refund status बताइए please sir", "hi"),
        ("ਮੇਰਾ ਆਰਡਰ ਕਿੱਥੇ ਹੈ?", "pa"),
    ],
)
def test_a_script_tells_even_where_the_model_is_wrong(text, language):
    """Whatever English words are mixed in; the model here always says English."""
    assert tell(text, en=0.99) == (language, pytest.approx(1, abs=0.5))


def test_the_model_chooses_among_the_languages_of_a_script():
    """Hindi and Marathi share theirs."""
    assert tell("माझी ऑर्डर कुठे आहे?", mr=0.97, hi=0.02) == ("mr", 0.97)
    assert tell("माझी ऑर्डर कुठे आहे?", en=0.9, mr=0.3) == ("mr", 0.6)


@pytest.mark.parametrize(
    "text",
    [
        "mera order kab aayega",
        "Bhai refund abhi tak nahi aaya",
        "COD available hai kya",
        "size chota hai exchange ho jayega kya",
        "return karna hai, pickup kab hoga",
        "paise kat gaye par order place nahi hua",
    ],
)
def test_romanised_hindi_is_told_from_english(text):
    """The model calls it English, with confidence."""
    language, confidence = tell(text, en=0.95)
    assert language == "hi-Latn"
    assert confidence > 0.6


@pytest.mark.parametrize(
    "text",
    [
        "Where is my order? It was promised for the main sale, to be sent to me.",
        "I ordered a sari and a kurta for my sister, please par-boil the rice.",
        "Ho Chi Minh City to Dublin, se Asia",
        "Can I log in with the band that I have?",
        "Please do send the invoice to Mr Ka.",
    ],
)
def test_english_is_not_taken_for_hindi(text):
    """Words that both have prove nothing, and one name does not either."""
    assert tell(text)[0] == "en"


def test_masked_data_and_numbers_do_not_decide():
    """Placeholders are English-looking words in everybody's text."""
    identify = Identify(de=0.9)
    text = "Wo ist Paket SO-4711?\n[[EMAIL:6f1c09d2aa31]] https://example.com/a?b=c a@example.com"
    assert telling.Telling(identify).tell(text)[0] == "de"
    assert identify.asked == ["wo ist paket"]
    assert tell("[[PHONE:6f1c09d2aa31]] नमस्ते [[EMAIL:6f1c09d2aa31]]")[0] == "hi"


@pytest.mark.parametrize("text", ["", " ", "4711", "🙏🙏", "[[CARD]]", "?!"])
def test_what_has_no_letters_is_undetermined(text):
    """With no confidence, so it abstains."""
    assert tell(text) == ("und", 0.0)


def test_little_is_said_of_short_texts():
    """Such as "ok", a word everywhere."""
    assert tell("ok", en=0.9)[1] < 0.2
    assert tell("where is my order", en=0.9)[1] == 0.9


def test_a_long_text_is_judged_by_its_beginning():
    """A megabyte must not take a second."""
    identify = Identify()
    telling.Telling(identify).tell("word " * 200_000)
    assert len(identify.asked[0]) <= 2_000
