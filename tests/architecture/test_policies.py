"""Policies, packs, masking and pages are edited apart: they must speak of the same things."""

from pathlib import Path

import yaml

from services.decider.domain import exceptions
from services.decider.domain.facts import MASKED_CLASSES
from services.decider.domain.macros import LOCALES
from services.decider.policies import SHIPPED, catalogue, check_policies
from services.intake.domain.personal import PersonalData

ROOT = Path(__file__).parents[2]
PACKS = {
    pack["task"]: pack
    for pack in (
        yaml.safe_load(path.read_text(encoding="utf-8"))
        for path in sorted((ROOT / "services/assessor/packs").glob("*.yaml"))
    )
}
POLICIES = [each.policy for each in check_policies(SHIPPED)]


def test_every_intent_has_a_queue() -> None:
    """A label that somebody adds to the pack must be routed on purpose."""
    [support] = [policy for policy in POLICIES if policy.domain == "support"]
    queue = next(each for each in support.derived if each.name == "policy.queue")
    for label, spec in PACKS["intent"]["labels"].items():
        assert queue.of({"intent.label": label}) == spec["queue"], label


def test_the_code_tables_and_the_pack_know_the_same_exceptions() -> None:
    """Whoever says it, table or model, a policy asks for one label."""
    assert set(exceptions.EXCEPTIONS) == PACKS["exception"]["labels"].keys()


def test_every_language_that_is_read_can_be_answered_in() -> None:
    """The packs' languages are the macros' locales."""
    assert set(PACKS["intent"]["languages"]) == set(LOCALES)


def test_every_class_that_is_masked_is_a_fact() -> None:
    """What intake counts, policies may ask."""
    assert set(MASKED_CLASSES) == {each.value for each in PersonalData}


def test_the_catalogue_in_the_docs_is_current() -> None:
    """`python -m services.decider.policies.catalogue` writes it."""
    page = catalogue.PAGE.read_text(encoding="utf-8")
    assert page == catalogue.current(page)
