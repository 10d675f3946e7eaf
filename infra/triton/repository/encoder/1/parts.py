"""Where a text's sentences are, in characters and in tokens: what one pass tells of each of them.

No Triton in here. A text is cut by itself, so its company cannot change the cuts.
"""

import re

import numpy as np

# Parts told per text; of more sentences neighbours are told together, the shortest first.
PARTS = 12
# A run of words without an end is cut: what hides in it would be thinned out.
LONGEST = 40

# Fewer tokens are no sentence ("Hi."): told with the next one.
FEWEST = 4

# Where a sentence ends: a line, or a mark before a space. Danda is the full stop of Indian scripts.
_END = re.compile(r"\n+|(?<=[.!?;।॥…])[\"')\]]*\s+")


def parts(text: str, offsets: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Each part's first token and the one after its last, in order; every token of text is in one.

    `offsets` is where each token lies in the text; tokens that are none of it have no width.
    """
    ends = [found.end() for found in _END.finditer(text)]
    cuts: list[list[int]] = []
    at = 0
    for token, (start, end) in enumerate(offsets):
        if end <= start:
            continue
        moved = False
        # By where a token ends: the space before a word is the token's first character.
        while at < len(ends) and end > ends[at]:
            at, moved = at + 1, True
        length = token - cuts[-1][0] if cuts else LONGEST
        if length >= LONGEST or (moved and length >= FEWEST):
            cuts.append([token, token + 1])
        else:
            cuts[-1][1] = token + 1
    if len(cuts) > 1 and cuts[-1][1] - cuts[-1][0] < FEWEST:
        cuts[-2:] = [[cuts[-2][0], cuts[-1][1]]]
    while len(cuts) > PARTS:
        lengths = [cuts[n + 1][1] - cuts[n][0] for n in range(len(cuts) - 1)]
        shortest = lengths.index(min(lengths))
        cuts[shortest : shortest + 2] = [[cuts[shortest][0], cuts[shortest + 1][1]]]
    return [(first, after) for first, after in cuts]


def pooled(
    states: np.ndarray, cuts: list[tuple[int, int]], tokens: int
) -> tuple[np.ndarray, np.ndarray]:
    """Each part's vector [PARTS, width], and its share of the text's tokens [PARTS]; then zeros.

    On the scale of the text's own vector: the sum of vectors by shares, and what the model's own
    marks add to it, is that vector.
    """
    vectors = np.zeros((PARTS, states.shape[1]), np.float32)
    shares = np.zeros(PARTS, np.float32)
    norm = np.sqrt((states[:tokens].mean(axis=0) ** 2).sum())
    for place, (first, after) in enumerate(cuts):
        vectors[place] = states[first:after].mean(axis=0) / norm
        shares[place] = (after - first) / tokens
    return vectors, shares
