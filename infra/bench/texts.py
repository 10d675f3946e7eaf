"""Customers' messages made from templates: four languages, mixed lengths, no two alike."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class _Language:
    """Sentences by their place in a message. Slots in braces are filled from `words` and ids."""

    openings: Sequence[str]
    problems: Sequence[str]
    details: Sequence[str]
    closings: Sequence[str]
    words: Mapping[str, Sequence[str]]


_ENGLISH = _Language(
    openings=("Hello,", "Hi team,", "Good morning.", "To whom it may concern,", "", ""),
    problems=(
        "My order {order} was promised for {day} and has not arrived.",
        "Where is {order}? The tracking page has said the same thing for {n} days.",
        "I returned the {thing} {n} days ago and still wait for my refund.",
        "The {thing} arrived {harm}; I want a replacement.",
        "I cannot log in since {day}: the code never reaches me.",
        "Please cancel {order}, I ordered the {thing} twice by mistake.",
        "You charged my card twice for {order}.",
        "Does the {thing} come with a warranty of {n} years?",
        "Please change the delivery address of {order} before it leaves the warehouse.",
        "The {thing} stopped working after {n} days.",
        "You sent me the wrong {thing} with {order}.",
        "I would like an invoice for {order} with our tax number on it.",
        "Thank you, the {thing} from {order} is exactly what I wanted.",
    ),
    details=(
        "I have called {n} times and every time somebody promised to call me back.",
        "The courier says that the parcel was handed over, but nobody at home signed for it.",
        "It is a present for {day}, so I need to know today whether it will be here in time.",
        "I attached pictures of the box and of the {thing} so that you can see for yourself.",
        "The reference on the label is SH-{ref} and the parcel should weigh {n} kilograms.",
        "My bank shows the amount as taken, your page says that the payment has failed.",
        "I have already tried another browser, another phone and a new password.",
        "You can reach me at customer{n}@example.com or in the evening by phone.",
        "If that is not possible I would rather have my money back than wait any longer.",
        "The page says the {thing} is in stock, yet the warehouse told me it is not.",
    ),
    closings=("Thanks.", "Please answer soon.", "Kind regards", "This is urgent!", "", ""),
    words={
        "thing": ("kettle", "blue jacket", "phone case", "baby monitor", "office chair", "blender",
                  "pair of running shoes", "desk lamp", "cup", "backpack"),
        "day": ("Monday", "Tuesday", "Friday", "last week", "the 14th", "yesterday"),
        "harm": ("broken", "scratched", "with a part missing", "open and wet"),
    },
)  # fmt: skip
_HINGLISH = _Language(
    openings=("Hello ji,", "Hi,", "Namaste,", "", ""),
    problems=(
        "Mera order {order} {day} tak aana tha, abhi tak nahi aaya.",
        "Mera refund kab aayega? {n} din ho gaye hain {order} return kiye.",
        "{thing} toota hua aaya hai, please replace kar do.",
        "Login nahi ho raha {day} se, OTP hi nahi aata.",
        "{order} cancel karna hai, galti se do baar order ho gaya.",
        "Paise do baar kat gaye {order} ke liye.",
        "{order} ka address change karna hai, delivery se pehle bata dijiye.",
        "Galat {thing} bhej diya aapne {order} mein.",
    ),
    details=(
        "Main {n} baar call kar chuka hoon lekin koi dhang se jawab nahi deta.",
        "Courier wala bolta hai deliver ho gaya, par ghar pe kisi ko nahi mila.",
        "Tracking number SH-{ref} hai, wahan {n} din se same status dikha raha hai.",
        "Shaadi ke liye mangaya tha, time pe nahi aaya to kya fayda.",
        "Bank mein amount kat gaya hai aur app mein payment failed dikha raha hai.",
        "Photo attach kar di hai, aap khud dekh lo {thing} ki haalat.",
    ),
    closings=("Jaldi reply karo please.", "Thanks.", "Bahut pareshan ho gaya hoon.", "", ""),
    words={
        "thing": ("kurta", "mixer", "phone cover", "juta", "charger", "bag", "saree"),
        "day": ("somvaar", "kal", "parso", "pichhle hafte", "10 tareekh"),
    },
)
_HINDI = _Language(
    openings=("नमस्ते,", "महोदय,", "", ""),
    problems=(
        "मेरा ऑर्डर {order} {day} को आना था, अभी तक नहीं आया है।",
        "{order} का रिफंड कब आएगा? {n} दिन हो गए हैं।",
        "{thing} टूटा हुआ मिला है, कृपया बदल दीजिए।",
        "मैं {day} से लॉग इन नहीं कर पा रहा हूँ।",
        "कृपया {order} रद्द कर दीजिए, गलती से दो बार हो गया।",
        "{order} के लिए मेरे खाते से दो बार पैसे कट गए।",
        "{order} में गलत {thing} भेज दिया गया है।",
    ),
    details=(
        "मैंने {n} बार फ़ोन किया, हर बार कहा गया कि जल्दी हो जाएगा।",
        "कूरियर कहता है कि सामान पहुँचा दिया गया, लेकिन घर पर किसी को नहीं मिला।",
        "ट्रैकिंग संख्या SH-{ref} है और {n} दिन से कुछ नहीं बदला।",
        "यह एक उपहार है, इसलिए आज ही बताइए कि समय पर पहुँचेगा या नहीं।",
        "मैंने तस्वीर भेजी है, आप {thing} की हालत देख सकते हैं।",
    ),
    closings=("धन्यवाद।", "कृपया जल्दी उत्तर दें।", "", ""),
    words={
        "thing": ("कुर्ता", "मिक्सर", "चार्जर", "जूता", "थैला", "पंखा"),
        "day": ("सोमवार", "शुक्रवार", "कल", "पिछले हफ़्ते"),
    },
)
_BENGALI = _Language(
    openings=("নমস্কার,", "", ""),
    problems=(
        "আমার অর্ডার {order} {day} আসার কথা ছিল, এখনও আসেনি।",
        "{order} এর টাকা কবে ফেরত পাব? {n} দিন হয়ে গেল।",
        "{thing} ভাঙা অবস্থায় এসেছে, বদলে দিন।",
        "{day} থেকে লগ ইন করতে পারছি না।",
        "{order} বাতিল করুন, ভুল করে দুবার অর্ডার হয়েছে।",
        "{order} এর জন্য দুবার টাকা কাটা হয়েছে।",
    ),
    details=(
        "আমি {n} বার ফোন করেছি, কেউ ঠিকমতো উত্তর দেয় না।",
        "কুরিয়ার বলছে দেওয়া হয়েছে, কিন্তু বাড়িতে কেউ পায়নি।",
        "ট্র্যাকিং নম্বর SH-{ref}, {n} দিন ধরে একই অবস্থা।",
        "ছবি পাঠালাম, {thing} এর অবস্থা দেখুন।",
    ),
    closings=("ধন্যবাদ।", "তাড়াতাড়ি জানান।", ""),
    words={
        "thing": ("শাড়ি", "মিক্সার", "চার্জার", "জুতো", "ব্যাগ"),
        "day": ("সোমবার", "শুক্রবার", "গতকাল", "গত সপ্তাহে"),
    },
)
# Share of each language; every multilingual help desk has another mix, this one stays the same.
_LANGUAGES = (_ENGLISH, _HINGLISH, _HINDI, _BENGALI)
_SHARES = (0.55, 0.2, 0.15, 0.1)


def texts(rng: random.Random) -> Iterator[str]:
    """Messages without end; what was said once is not said again.

    Most are two or three sentences and some are long: lengths of real messages are log-normal.
    """
    said: set[str] = set()
    while True:
        (language,) = rng.choices(_LANGUAGES, _SHARES)
        text = _message(language, rng)
        if text not in said:
            said.add(text)
            yield text


def _message(language: _Language, rng: random.Random) -> str:
    details = min(len(language.details), int(rng.lognormvariate(0, 0.9)))
    sentences = (
        rng.choice(language.openings),
        rng.choice(language.problems),
        *rng.sample(language.details, details),
        rng.choice(language.closings),
    )
    return " ".join(_filled(each, language, rng) for each in sentences if each)


def _filled(sentence: str, language: _Language, rng: random.Random) -> str:
    words = {slot: rng.choice(choices) for slot, choices in language.words.items()}
    return sentence.format(
        order=f"SO-{rng.randrange(10_000, 1_000_000)}",
        ref=rng.randrange(1_000, 100_000),
        n=rng.randrange(2, 20),
        **words,
    )
