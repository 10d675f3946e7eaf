"""Sentences of the package home-assistant-intents, the same wishes in many languages.

It holds templates; sentences are drawn from them by a seed, with rooms and devices of our own.
"""

import importlib.util
import json
import random
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

PACKAGE = "home_assistant_intents"
# Rooms, devices and floors as people say them; the package leaves them to the house.
_HOUSE = {
    "en": {
        "area": ("kitchen", "bedroom", "living room", "bathroom", "office"),
        "name": ("ceiling fan", "reading lamp", "heater", "front door", "television"),
        "floor": ("ground floor", "first floor"),
    },
    "hi": {
        "area": ("रसोई", "शयनकक्ष", "बैठक", "स्नानघर", "दफ़्तर"),
        "name": ("छत का पंखा", "पढ़ने का लैंप", "हीटर", "सामने का दरवाज़ा", "टीवी"),
        "floor": ("भूतल", "पहली मंज़िल"),
    },
    "bn": {
        "area": ("রান্নাঘর", "শোবার ঘর", "বসার ঘর", "বাথরুম", "অফিস"),
        "name": ("সিলিং ফ্যান", "পড়ার বাতি", "হিটার", "সামনের দরজা", "টিভি"),
        "floor": ("নিচতলা", "দোতলা"),
    },
    "ta": {
        "area": ("சமையலறை", "படுக்கையறை", "வரவேற்பறை", "குளியலறை", "அலுவலகம்"),
        "name": ("மேற்கூரை விசிறி", "படிக்கும் விளக்கு", "ஹீட்டர்", "முன் கதவு", "தொலைக்காட்சி"),
        "floor": ("தரைத்தளம்", "முதல் தளம்"),
    },
}
LANGUAGES = tuple(_HOUSE)
# Tries per sentence that is wanted: short templates give the same one again and again.
_TRIES = 40
_PIECE = re.compile(r"[\[\]()|;]|<[^>]+>|\{[^}]+\}|[^\[\]()|;<{]+")


def folder() -> Path | None:
    """Where the package's sentences are, if it is installed."""
    found = importlib.util.find_spec(PACKAGE)
    return Path(found.origin).parent / "data" if found and found.origin else None


def sentences(data: Path, language: str, per_wish: int, seed: int) -> Iterator[tuple[str, str]]:
    """Distinct sentences and the wish that each is, at most so many per wish."""
    document = json.loads((data / f"{language}.json").read_text(encoding="utf-8"))
    drawer = _Drawer(document, _HOUSE[language], random.Random(f"{seed}:{language}"))  # noqa: S311 - a sample
    for wish, templates in sorted(_wishes(document).items()):
        found: dict[str, None] = {}
        for _ in range(per_wish * _TRIES):
            if len(found) == per_wish:
                break
            said = drawer.draw(drawer.chance.choice(templates))
            if said:
                found[said] = None
        yield from ((said, wish) for said in found)


def _wishes(document: Mapping[str, Any]) -> dict[str, list[str]]:
    """Templates by intent and, where it is fixed, kind of device."""
    found: dict[str, list[str]] = {}
    for intent, about in document["intents"].items():
        for each in about["data"]:
            domain = (each.get("slots") or {}).get("domain")
            wish = f"{intent}/{domain}" if domain else intent
            found.setdefault(wish, []).extend(each["sentences"])
    return found


class _Drawer:
    """Draws one sentence of a template: [maybe] (this|that) (any;order) {list} <rule>."""

    def __init__(
        self,
        document: Mapping[str, Any],
        house: Mapping[str, tuple[str, ...]],
        chance: random.Random,
    ) -> None:
        self.chance = chance
        self._rules = document.get("expansion_rules", {})
        self._lists = document.get("lists", {})
        self._house = house

    def draw(self, template: str) -> str:
        """A sentence, or nothing where the template needs what is nowhere."""
        try:
            said, _ = self._sequence(_PIECE.findall(template), 0)
        except KeyError:
            return ""
        return " ".join(said.split())

    def _sequence(self, pieces: list[str], at: int) -> tuple[str, int]:
        """Everything up to the end of this group, one of its alternatives chosen."""
        parts, chosen, ordered = [""], [""], True
        while at < len(pieces) and pieces[at] not in {"]", ")"}:
            piece = pieces[at]
            if piece in {"|", ";"}:
                ordered = ordered and piece == "|"
                parts.append("")
                at += 1
                continue
            if piece in {"[", "("}:
                said, at = self._sequence(pieces, at + 1)
                if piece == "[" and self.chance.random() < 0.5:  # noqa: PLR2004 - half the time
                    said = ""
            else:
                said = self._plain(piece)
            parts[-1] += said
            at += 1
        chosen = [self.chance.choice(parts)] if ordered else self.chance.sample(parts, len(parts))
        return " ".join(chosen), at

    def _plain(self, piece: str) -> str:
        if piece.startswith("<"):
            return self.draw(self._rules[piece[1:-1]])
        if piece.startswith("{"):
            return self._value(piece[1:-1].split(":", maxsplit=1)[0])
        return piece

    def _value(self, name: str) -> str:
        if name in self._house:
            return self.chance.choice(self._house[name])
        about = self._lists[name]
        if "range" in about:
            span = about["range"]
            return str(self.chance.randrange(span["from"], span["to"] + 1, span.get("step", 1)))
        if about.get("wildcard"):
            raise KeyError(name)
        value = self.chance.choice(about["values"])
        return self.draw(value["in"] if isinstance(value, dict) else str(value))
