"""From a row of tensors to the domain's words."""

import json

import pytest
from typing_extensions import override

from services.assessor.domain.asking import Question, Task
from services.assessor.ports import Text
from services.assessor.reader import TritonReader, heads, readings, signature
from services.chassis.errors import InferenceFailed, Outage
from services.chassis.triton.batcher import Batcher
from tests.fakes_triton import FakeModel, FakeTrace, parts


def identity(name: str, **more) -> bytes:
    """What a model or head says of itself."""
    return json.dumps({"name": name, "version": "2", "digest": "d" * 64, **more}).encode()


def notice_row(**changes):
    """A row of the notice question."""
    return {
        "EXCEPTION_LABEL": (b"delay", b"shortage", b""),
        "EXCEPTION_SCORE": (0.7000000178813934, 0.30000001192092896, 0.0),
        "EXCEPTION_CARRIED": (0.1, 1.5, *[0.0] * 10),
        "SPANS": (0, 5, 6, 20, *[0] * 20),
        "EXCEPTION_HEAD": (identity("supply_exception", pack="supply:1", calibrated=False),),
        "EXCEPTION_SCOPE": (0.9000000357627869,),
        "INJECTION_LABEL": (b"ordinary", b"instruction"),
        "INJECTION_SCORE": (0.97, 0.03),
        "INJECTION_SPAN": (6, 20),
        "INJECTION_HEAD": (identity("injection", pack="injection:1"),),
        "LANGUAGE_LABEL": (b"hi",),
        "LANGUAGE_SCORE": (1.0000001192092896,),
        "LANGUAGE_HEAD": (identity("language"),),
        "TOKENS": (12,),
        "COMPUTE_US": (3400,),
        "MODEL": (identity("encoder", quantization="int8-ptq", runtime="openvino"),),
    } | changes


def test_a_row_becomes_answers_with_the_bits_that_gave_them():
    """Field by field; the language's head read the text itself."""
    found = readings(Question.NOTICE, notice_row(), "batch")
    exception, injection, language = found.answers
    assert [(each.label, each.confidence) for each in exception.candidates] == [
        ("delay", 0.7),
        ("shortage", 0.3),
    ]
    assert [bits.name for bits in exception.models] == ["encoder", "supply_exception"]
    assert exception.models[0].runtime == "openvino"
    assert (exception.pack, exception.calibrated) == ("supply:1", False)
    assert (exception.scope, language.scope) == (0.9, None)
    assert [bits.name for bits in language.models] == ["language"]
    assert [bits.name for bits in injection.models] == ["encoder", "injection"]
    assert (injection.spans, exception.spans) == (((6, 20),), ((6, 20),))
    assert (language.pack, language.calibrated) == (None, True)
    assert (found.tokens, found.compute_us, found.batch) == (12, 3400, "batch")


def test_probabilities_stay_within_one():
    """A 32-bit float may be a hair above; the contract would refuse it."""
    found = readings(Question.NOTICE, notice_row(), "batch")
    assert found.answers[2].candidates[0].confidence == 1.0
    broken = notice_row(LANGUAGE_SCORE=(float("nan"),))
    assert readings(Question.NOTICE, broken, "b").answers[2].candidates[0].confidence == 0.0


def test_every_output_that_is_read_is_insisted_upon():
    """What the signature does not name may silently be missing."""
    names = {output.name for output in signature(Question.NOTICE).outputs}
    assert names == set(notice_row())


def test_heads_tell_their_packs():
    """The start compares them with the configured ones."""
    assert heads(Question.NOTICE, notice_row())[Task.EXCEPTION]["pack"] == "supply:1"


def test_a_head_that_was_fitted_to_another_encoder_is_not_relied_upon():
    """Its labels would be noise with high confidence; one that fits, or says nothing, is."""
    fits = identity("supply_exception", encoder_digest="d" * 64)
    assert readings(Question.NOTICE, notice_row(EXCEPTION_HEAD=(fits,)), "b").answers
    strange = identity("supply_exception", encoder_digest="e" * 64)
    with pytest.raises(Outage, match="another encoder"):
        readings(Question.NOTICE, notice_row(EXCEPTION_HEAD=(strange,)), "b")


class NoticeModel(FakeModel):
    """Always the same row."""

    def __init__(self, row) -> None:
        super().__init__()
        self.row = row

    @override
    async def infer(self, texts, traceparent):
        """It."""
        return [self.row for _ in texts]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"EXCEPTION_HEAD": (b"{}",)}, Outage),
        ({"EXCEPTION_HEAD": (b"not json",)}, Outage),
        ({"LANGUAGE_LABEL": (b"",)}, InferenceFailed),
    ],
    ids=["nameless head", "no json", "no label"],
)
async def test_an_answer_that_cannot_be_warranted_is_none(changes, error):
    """Who does not say which bits it is works for nobody; a text without a label is its own."""
    batcher = Batcher(NoticeModel(notice_row(**changes)), parts())
    reader = TritonReader({Question.NOTICE: batcher})
    with pytest.raises(error):
        await reader.read(Question.NOTICE, Text("id", "text", "acme", FakeTrace()))
    await batcher.close()


def test_a_text_without_a_sentence_has_no_place():
    """Of blanks alone nothing can be pointed at."""
    answers = readings(Question.NOTICE, notice_row(INJECTION_SPAN=(0, 0)), "b").answers
    assert answers[1].spans == ()
