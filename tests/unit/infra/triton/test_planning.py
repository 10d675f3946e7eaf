"""A model is made again when, and only when, something that it depends on is another one."""

import shutil
from pathlib import Path

import pytest

from infra.triton import environment, forms, planning, sources
from infra.triton.planning import Plan, plan
from infra.triton.settings import ModelsSettings
from services.assessor.packs import SHIPPED
from services.chassis.errors import ConfigurationError

VNNI = frozenset({"avx2", "avx512_vnni"})


@pytest.fixture(autouse=True)
def _machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same CPU wherever these tests run, and a cache of their own."""
    monkeypatch.setattr(forms, "cpu_features", lambda: VNNI)
    monkeypatch.setenv("SLUICE_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the build's code, to be changed."""
    copy = tmp_path / "code"
    shutil.copytree(planning.HERE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(planning, "HERE", copy)
    monkeypatch.setattr(planning, "REPOSITORY", copy / "repository")
    monkeypatch.setattr(planning, "BUILD", copy / "build")
    monkeypatch.setattr(environment, "LOCK", copy / "environment.lock")
    return copy


def planned(packs: Path | None = None, **settings: object) -> Plan:
    """The plan for these settings."""
    return plan(ModelsSettings.model_validate(settings), packs)


def test_the_same_inputs_give_the_same_places() -> None:
    """Else every start would build for half a minute."""
    assert planned() == planned()


@pytest.mark.parametrize(
    ("file", "encoder_too"),
    [
        ("environment.lock", True),
        ("build/weights.py", True),
        ("build/calibration.txt", True),
        ("repository/encoder/1/encoding.py", True),
        ("build/heads.py", False),
        ("build/head/scoring.py", False),
        ("build/__main__.py", False),
        ("repository/read_ticket/config.pbtxt", False),
        ("repository/language/1/telling.py", False),
    ],
)
def test_changed_code_is_another_repository(code: Path, file: str, *, encoder_too: bool) -> None:
    """The encoder takes longest and is kept where only a head or a configuration changed."""
    before = planned()
    with (code / file).open("a") as opened:
        opened.write("\n# changed\n")
    after = planned()
    assert after.repository != before.repository
    assert (after.encoder != before.encoder) is encoder_too


def test_compiled_code_does_not_count(code: Path) -> None:
    """Running the build must not make it another one."""
    before = planned()
    cached = code / "build" / "__pycache__"
    cached.mkdir()
    (cached / "weights.cpython-311.pyc").write_bytes(b"compiled")
    assert planned() == before


def test_other_weights_are_another_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    """By their digest, not by their name alone."""
    before = planned()
    known = sources.read()
    other = {
        **known,
        "encoder": sources.Source(**{**_fields(known["encoder"]), "file_sha256": "0" * 64}),
    }
    monkeypatch.setattr(sources, "read", lambda: other)
    assert planned().encoder != before.encoder


def test_another_form_or_cpu_is_another_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache that two machines share must not serve one's vectors on the other."""
    before = planned()
    assert planned(form="ort-int8").encoder != before.encoder
    monkeypatch.setattr(forms, "cpu_features", lambda: VNNI | {"amx_int8"})
    assert planned().encoder != before.encoder


def test_other_packs_are_other_heads_over_the_same_encoder(tmp_path: Path) -> None:
    """An example added to a pack costs seconds, not a new quantization."""
    before = planned()
    packs = tmp_path / "packs"
    shutil.copytree(SHIPPED, packs, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    assert planned(packs) == before
    pack = packs / "retail.yaml"
    pack.write_text(pack.read_text().replace("Where is my", "Where, please, is my", 1))
    after = planned(packs)
    assert after.encoder == before.encoder
    assert after.repository != before.repository


def test_the_number_of_processes_is_part_of_the_repository() -> None:
    """It is in a file that Triton reads."""
    one, two = planned(processes=1), planned(processes=2)
    assert one.encoder == two.encoder
    assert one.repository != two.repository


def test_a_broken_pack_stops_the_plan(tmp_path: Path) -> None:
    """Before anything is fetched or built, with file and field."""
    packs = tmp_path / "packs"
    shutil.copytree(SHIPPED, packs, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    (packs / "retail.yaml").write_text("nonsense: true\n")
    with pytest.raises(ConfigurationError, match=r"retail\.yaml"):
        planned(packs)


def _fields(source: sources.Source) -> dict[str, object]:
    return {name: getattr(source, name) for name in source.__dataclass_fields__}
