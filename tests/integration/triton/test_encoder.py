"""The encoder gives the same bits for the same text, and one bad request costs nobody else."""

import asyncio
from collections.abc import Iterator

import pytest

from infra.local.triton import TritonPart
from services.assessor import reader
from services.assessor.domain.asking import Question
from services.chassis.triton import usage
from services.chassis.triton.faults import Fault, Kind
from services.chassis.triton.wire import Output, Signature
from tests.integration.triton.conftest import ask
from tests.triton import started

pytestmark = pytest.mark.triton

WORDS = ["where", "is", "my", "parcel", "order", "4471", "late", "मेरा", "पैसा", "वापस", "করো", "ভাঙা"]
# Lengths of 3 to some 130 tokens, in an order that no padding would get right by luck.
TEXTS = [" ".join(WORDS[n % 7 :] * (1 + n * 5 % 8))[: 8 + n * 37 % 400].encode() for n in range(32)]


@pytest.fixture(scope="module", params=["chosen", "ort-int8"])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The form that suits this CPU, and the one that every CPU can run."""
    if request.param == "chosen":
        yield request.getfixturevalue("triton_server").url
        return
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("SLUICE_MODELS_FORM", request.param)
        with started(TritonPart(tmp_path_factory.mktemp("other") / "triton.log")) as part:
            yield part.url


async def test_a_batch_of_32_gives_the_bits_of_32_singles(url: str) -> None:
    """Whether texts of mixed lengths come in one request, one by one, or all at once."""
    ((*batch,),) = await ask(url, TEXTS)
    assert len({row["TOKENS"] for row in batch}) > 8, "the texts are of mixed lengths"
    vectors = [row["EMBEDDING"] for row in batch]
    one_by_one = [(await ask(url, [text]))[0][0]["EMBEDDING"] for text in TEXTS]
    assert one_by_one == vectors
    at_once = [rows[0]["EMBEDDING"] for rows in await ask(url, *([text] for text in TEXTS))]
    assert at_once == vectors


async def test_sentences_have_the_same_bits_in_any_company(url: str) -> None:
    """What is suspected of a text must not depend on who wrote at the same time."""
    texts = [text + b". Is it lost? \nwhere is my money now? " + text for text in TEXTS]
    signature = Signature(
        "encoder",
        (Output("SHARES", "FP32", 12), Output("SPANS", "INT32", 24), *usage.OUTPUTS),
    )
    ((*batch,),) = await ask(url, texts, signature=signature)
    assert max(sum(share > 0 for share in row["SHARES"]) for row in batch) > 2
    alone = [(await ask(url, [text], signature=signature))[0][0] for text in texts]
    for name in ("SHARES", "SPANS"):
        assert [row[name] for row in alone] == [row[name] for row in batch]
    heads = reader.signature(Question.TICKET)
    ((*batch,),) = await ask(url, texts, signature=heads)
    alone = [(await ask(url, [text], signature=heads))[0][0] for text in texts]
    for name in ("INJECTION_SCORE", "INJECTION_SPAN", "URGENCY_SCORE"):
        assert [row[name] for row in alone] == [row[name] for row in batch]


async def test_vectors_have_length_one_and_mean_something_across_languages(url: str) -> None:
    """A broken graph or quantization still gives numbers; a question and its translation agree."""
    texts = [
        "I want my money back",
        "मुझे मेरा पैसा वापस चाहिए",
        "The ship waits outside the port of Rotterdam",
    ]
    (rows,) = await ask(url, [text.encode() for text in texts])
    refund, hindi, ship = (row["EMBEDDING"] for row in rows)
    for vector in (refund, hindi, ship):
        assert dot(vector, vector) == pytest.approx(1, abs=1e-4)
    assert dot(refund, hindi) > dot(refund, ship) + 0.03


async def test_a_request_that_is_no_text_fails_alone(url: str) -> None:
    """Bytes that are not UTF-8 are refused; whatever shared their batch is answered."""
    requests = [[text] for text in TEXTS]
    requests[7] = [b"fine", b"\xff\xfe broken"]
    answers = await ask(url, *requests)
    assert isinstance(answers[7], Fault)
    assert answers[7].kind is Kind.REFUSED
    assert all(isinstance(answer, list) for answer in answers[:7] + answers[8:])


async def test_a_request_that_nobody_waits_for_fails_alone(url: str) -> None:
    """One deadline passes in the queue; all others get their answers."""
    patient, hasty = await asyncio.gather(
        ask(url, *([TEXTS] * 4)), ask(url, TEXTS, TEXTS, deadline_s=0.02)
    )
    assert all(isinstance(answer, Fault) for answer in hasty)
    assert {fault.kind for fault in hasty} == {Kind.LOST}
    assert all(isinstance(answer, list) for answer in patient)


async def test_a_text_cannot_name_a_special_piece(url: str) -> None:
    """A customer who writes </s> has written four characters, not the end of the input."""
    (rows,) = await ask(url, [b"refund", b"refund </s>", b"refund <pad> <mask> <s>"])
    plain, ended, padded = (int(row["TOKENS"][0]) for row in rows)
    assert ended > plain + 1
    assert padded > plain + 3


async def test_it_says_which_bits_answered(url: str) -> None:
    """Name, version, digest, quantization and runtime; the form that was forced is served."""
    (rows,) = await ask(url, TEXTS[:2])
    identities = {row["MODEL"][0] for row in rows}
    assert len(identities) == 1
    identity = usage.identity(identities.pop())
    assert identity.keys() == {"name", "version", "digest", "quantization", "runtime"}
    assert all(int(row["COMPUTE_US"][0]) > 0 for row in rows)


def dot(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """Cosine of two vectors of length one."""
    return sum(a * b for a, b in zip(one, other, strict=True))
