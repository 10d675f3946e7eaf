"""Which language a text is in: fastText's lid.176, and rules where it knows too little.

No Triton in here. A text is judged alone, so its company cannot change the answer.
"""

import re
import unicodedata

# Nothing in the text tells a language (ISO 639-2).
UNDETERMINED = "und"
# Hindi in Latin letters, mixed with English as it often is.
HINGLISH = "hi-Latn"

# What says nothing about the language: masked data, addresses, whatever has a digit in it.
_NOISE = re.compile(r"\[\[[^\]]*\]\]|https?://\S+|www\.\S+|\S*@\S+|\S*\d\S*")
_CHARACTERS = 2_000

# Scripts that are some languages' own, by code points; fastText may choose among these, the first
# one is taken where it chooses none of them.
_SCRIPTS = (
    (0x0900, 0x097F, ("hi", "mr", "ne", "sa", "mai", "bh", "gom", "new")),
    (0x0980, 0x09FF, ("bn", "as", "bpy")),
    (0x0A00, 0x0A7F, ("pa",)),
    (0x0A80, 0x0AFF, ("gu",)),
    (0x0B00, 0x0B7F, ("or",)),
    (0x0B80, 0x0BFF, ("ta",)),
    (0x0C00, 0x0C7F, ("te",)),
    (0x0C80, 0x0CFF, ("kn",)),
    (0x0D00, 0x0D7F, ("ml",)),
)
# Among so few languages even one word is more than a guess.
_FLOOR = 0.6
# Customers mix English words into their own script, never the other way round.
_OWN_SHARE = 0.15

# Frequent words of romanised Hindi, in the spellings that people use, but none that is a word of
# English, too ("me", "to", "par", "main", "do", "is", "the", "hi").
_HINDI = frozenset(
    """
    aa aage aaj aap aapka aapke aapki aapko aapne aata aati aaya aayega aayi aaye aayegi abhi accha
    achha acha agla agle andar apna apne apni aur baad baar bahut bajao bataiye
    batao bataye batayein bej bhai bhaiya bhej bheja bheji bhejo bhi bhot bohot bolo btao
    bura chahiye chahie chahta chahti chalao chaiye chalu chhota chota dedo dekha dekho denge dijiye
    dijie dikha dikhao dikhaye dilana dilaye diya diye dikkat dobara dono dusra dusre ekdum galat gaya
    gayi gaye ghar haan hafte hai hain hamara hamare hamen hame hua hui hue hoga hogi honge hone
    hota hoti hoon isko iska iski isme itna itni jaise jaldi jao jaye jayega jayegi jisme
    kab kaam kaha kahan kaise kaisa kal karna karne karni karo karke karein karen karenge kare
    karu karwana karta karte kaun kaunsa kesa kese khaya khatam kharab kharid khareed khud kiya
    kijiye kijie kitna kitne kitni koi konsa kripya kuch kya kyu kyun kyunki lagao laga lekin liya
    liye lagta magar mahine maine matlab mausam mene mera mere meri mein mila milega milegi
    mili milta milti mujhe mujhko mujhse muje nahi nahin nahii nhi namaste naya nikla pata paisa
    paise pahle pehla pehle phle poora raha rahe rahi rha rhe rhi rahega rakho rakha saal saath
    sab sabhi sahi sakta sakte sakti samaan saman samay sath shikayat shukriya sirf skta skti subah
    taiyar tak tarah theek thik tuta toota tumhara unka unko uska uske usko wala wale wali wapas
    wapis woh yaad yaar yeh yahan zyada jyada jada dhanyavad dhanyavaad mangwaya lgta kr krna krke kro
    """.split()
)
# Hindi's, too, but also names or words elsewhere: one alone proves nothing.
_WEAK = frozenset("ka ki ke ko se ho tha thi na mai din hu hun h k nai ye teen phir kar hum jo".split())
# Endings of polite requests and of the future, as in "bhejiye" and "aayega".
_ENDING = re.compile(r"\w{2,}(?:iye|iyega|yega|yegi|aoge|unga|ungi)$")
_WORD = re.compile(r"[^\W\d_]+")

# Fewer letters than this tell little, whatever they seem to tell.
_ENOUGH = 12


class Telling:
    """`identify` is fastText's predict: a text and k to labels and their probabilities."""

    def __init__(self, identify) -> None:
        self._identify = identify

    def tell(self, text: str) -> tuple[str, float]:
        """The language and how sure that is; little is said of short texts."""
        cleaned = " ".join(_NOISE.sub(" ", text[:_CHARACTERS]).split())
        letters = sum(character.isalpha() for character in cleaned)
        if letters == 0:
            return UNDETERMINED, 0.0
        language, confidence = self._by_script(cleaned) or self._by_words(cleaned)
        return language, confidence

    def _by_script(self, text: str) -> tuple[str, float] | None:
        """Letters of a script that few languages have decide, even among many of English."""
        if text.isascii():
            return None
        # Vowel signs are marks, no letters, and half of what is written in these scripts.
        letters = [ord(each) for each in text if unicodedata.category(each)[0] in "LM"]
        for first, last, languages in _SCRIPTS:
            own = sum(first <= letter <= last for letter in letters)
            if own > 0 and own >= len(letters) * _OWN_SHARE:
                return self._among(languages, text)
        return None

    def _among(self, languages: tuple[str, ...], text: str) -> tuple[str, float]:
        if len(languages) == 1:
            return languages[0], 1.0
        for language, chance in self._ranked(text, 5):
            if language in languages:
                return language, max(chance, _FLOOR)
        return languages[0], _FLOOR

    def _by_words(self, text: str) -> tuple[str, float]:
        words = _WORD.findall(text.lower())
        strong = sum(word in _HINDI or _ENDING.match(word) is not None for word in words)
        weak = sum(word in _WEAK for word in words)
        share = (strong + weak) / len(words)
        most = share >= 0.3 and strong + weak >= (1 if strong else 2)
        if most or (strong and strong + weak >= 2 and share >= 0.15):
            return HINGLISH, min(0.99, 0.5 + share)
        language, chance = self._ranked(text, 1)[0]
        enough = min(1.0, sum(map(len, words)) / _ENOUGH)
        return language, chance * enough

    def _ranked(self, text: str, count: int) -> list[tuple[str, float]]:
        labels, chances = self._identify(text.lower(), k=count)
        ranked = [
            (label.removeprefix("__label__"), min(1.0, float(chance)))
            for label, chance in zip(labels, chances, strict=True)
        ]
        return ranked or [(UNDETERMINED, 0.0)]
