"""The facts that the assessor joins are those that the decider's catalogue has, and of one type."""

from datetime import timedelta

from services.assessor.domain import joining
from services.decider.domain import clocks
from services.decider.domain.facts import FACTS, Source
from services.decider.domain.values import Kind

KINDS = {
    joining.Form.TEXT: Kind.STRING,
    joining.Form.NUMBER: Kind.NUMBER,
    joining.Form.FLAG: Kind.BOOLEAN,
}
JOINED = {name: spec for name, spec in FACTS.items() if spec.source is Source.JOINED}


def domain(fact: joining.Fact) -> str | None:
    """In the catalogue's words."""
    return None if fact.support and fact.supply else "support" if fact.support else "supply"


def test_what_is_joined_is_in_the_catalogue_by_type_and_domain() -> None:
    """A fact of another type is as good as missing, for ever and unseen."""
    plain = {each.name: each for each in joining.FACTS if each.form is not joining.Form.INSTANT}
    for name, fact in plain.items():
        assert (JOINED[name].kind, JOINED[name].domain) == (KINDS[fact.form], domain(fact)), name


def test_an_instant_is_one_that_the_decider_counts_from() -> None:
    """Whose facts are in the catalogue."""
    instants = {each.name for each in joining.FACTS if each.form is joining.Form.INSTANT}
    assert instants == set(clocks.INSTANTS)


def test_what_the_catalogue_promises_is_joined() -> None:
    """A policy may ask for a fact that nobody ever tells only if a test of ours says why."""
    told = {each.name for each in joining.FACTS}
    counted = {name for means in clocks.INSTANTS.values() for name in means(timedelta(days=1))}
    reckoned = {"po.late_days"}  # from an instant and the event's own time
    assert set(JOINED) == told - set(clocks.INSTANTS) | counted | reckoned


def test_every_joined_fact_grows_old() -> None:
    """What its owner no longer confirms counts as missing some day."""
    assert all(spec.max_age is not None for spec in JOINED.values())
