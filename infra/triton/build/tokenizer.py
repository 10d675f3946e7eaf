"""The XLM-R tokenizer of the weights, as a tokenizer.json."""

from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from infra.triton.build.weights import Weights

_MASK = "<mask>"


def write(weights: Weights, path: Path) -> None:
    """Write the tokenizer; texts cannot name a special piece."""
    special = weights.special
    tokenizer = Tokenizer(models.Unigram(_pieces(weights), special.unknown, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", special.begin), ("</s>", special.end)]
    )
    tokenizer.save(str(path), pretty=False)


def _pieces(weights: Weights) -> list[tuple[str, float]]:
    """The vocabulary, with special pieces spelt so that no text can match them.

    Otherwise a customer who writes "</s>" (or its full-width form) would end the model's input.
    U+0001 does the trick: the normalizer takes it out of every text.
    """
    special = {getattr(weights.special, name) for name in ("begin", "end", "pad", "unknown")}
    return [
        (f"\x01{text}" if number in special or text == _MASK else text, score)
        for number, (text, score) in enumerate(weights.pieces)
    ]
