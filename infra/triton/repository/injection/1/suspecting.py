"""Whether a text has orders to a machine in it: by rules over all of it, by a head per sentence.

No Triton in here. Each sentence is judged by itself: in a long text one of them would be thinned
out. The same bits for the same text whatever else is in the batch.
"""

import re

import numpy as np

SUSPICIOUS, ORDINARY = b"instruction", b"ordinary"
# Suspicious only in company: by itself it is a text that came to the wrong place.
_IN_COMPANY = b"task"
# What a rule finds is as good as certain, and it says so with the same figure every time.
_CERTAIN = 0.99

# What nobody writes to a person. Of small letters; the sentence's end is as far as a rule looks.
_RULES = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\b[^.\n]{0,30}\b(?:previous|prior|above|earlier|all|any"
    r"|your|these|the)\b[^.\n]{0,20}\b(?:instructions?|prompts?|rules|guidelines|guardrails|directives)\b"
    r"|\b(?:system|initial|hidden|secret) prompt\b"
    r"|\byou are now (?:a|an|in|the|no longer)\b[^.\n]{0,60}"
    r"|\bas an? (?:ai|language model|llm|chat ?bot)\b"
    r"|\b(?:dan|developer|jailbreak|god) mode\b"
    r"|<\|(?:im_start|im_end|system|user|assistant|endoftext)[^>\n]{0,20}\|?>"
    r"|\[/?inst\]|<</?sys>>|^#{2,}\s*(?:system|instructions?|response)\b"
    r"|^\s*(?:system|assistant)\s*:\s*\S[^\n]{0,80}"
    r"|\b(?:your|the) (?:instructions?|prompt|system message) (?:above|given to you)\b"
    r"|(?:पिछले|ऊपर के|सभी) (?:सभी |सारे )?(?:निर्देश|नियम)[^।\n]{0,20}(?:अनदेखा|भूल|नज़रअंदाज़)"
    r"|\b(?:pichle|upar ke|saare|sabhi)\b[^.\n]{0,20}\b(?:instructions?|nirdesh|rules)\b[^.\n]{0,20}"
    r"\b(?:ignore|bhool|bhul|chhod)"
    r"|(?:আগের|উপরের|সব)[^।\n]{0,20}(?:নির্দেশ|নিয়ম)[^।\n]{0,20}(?:উপেক্ষা|ভুলে)"
    r"|(?:முந்தைய|மேலே உள்ள|அனைத்து)[^.\n]{0,30}(?:அறிவுறுத்தல|விதி)[^.\n]{0,30}(?:புறக்கணி|மற)",
    re.MULTILINE,
)


def by_rule(text: str) -> tuple[int, int] | None:
    """Where a rule finds something first, in characters."""
    low = text.lower()
    if len(low) != len(text):  # a letter that has no small one of its own: keep the places
        low = "".join(each if len(each.lower()) > 1 else each.lower() for each in text)
    found = _RULES.search(low)
    return None if found is None else found.span()


def judge(
    text: str, labels: list[bytes], chances: np.ndarray, spans: np.ndarray
) -> tuple[float, tuple[int, int]]:
    """How likely the text has such an order, and where; `chances` [sentences, labels]."""
    ruled = by_rule(text)
    if ruled is not None:
        return _CERTAIN, ruled
    if len(chances) == 0:
        return 0.0, (0, 0)
    counted = [labels.index(SUSPICIOUS)]
    if len(chances) > 1:
        counted.append(labels.index(_IN_COMPANY))
    suspicions = chances[:, counted].sum(axis=1)
    worst = int(suspicions.argmax())
    return float(suspicions[worst]), (int(spans[worst, 0]), int(spans[worst, 1]))
