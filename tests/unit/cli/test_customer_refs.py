"""`sluice customer-refs`: what an operator publishes customers under is what intake writes."""

import pytest
from click.testing import CliRunner, Result

from schemas.support import Requester
from services.cli.main import cli
from services.intake import people, sources
from services.intake.app import maskers_of
from services.intake.settings import IntakeSettings

KEY = "k" * 32


def said(given: str, *words: str, key: str | None = KEY) -> Result:
    """The command in this process."""
    env = {"SLUICE_INTAKE_MASKING_KEY": key, "SLUICE_INTAKE_SOURCES": None}
    return CliRunner().invoke(cli, ["customer-refs", *words], input=given, env=env)


def of_intake(source: str, **requester) -> str | None:
    """What a case of that source says."""
    known = sources.load(IntakeSettings(masking_key=KEY).sources)
    (found,) = {
        each
        for of in known.by_topic.values()
        for each in of
        if (each.tenant, each.name) == ("acme", source)
    }
    masker = maskers_of(KEY, known)["acme"]
    return people.customer_ref(Requester(**requester), found, masker)


def test_references_are_those_of_intake_in_their_order() -> None:
    """By address, by number, by id; written in whatever way."""
    done = said("Asha.Rao@Example.com\n+91 98765 43210\n", "--tenant", "acme")
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines() == [
        of_intake("helpdesk", id="7", email="asha.rao@example.com"),
        of_intake("helpdesk", id="7", phone="+919876543210"),
    ]
    done = said("cust-90211\n", "--tenant", "acme", "--source", "helpdesk")
    assert done.stdout.strip() == of_intake("helpdesk", id="cust-90211")


def test_nothing_that_comes_in_goes_out() -> None:
    """Not even where it is refused."""
    done = said("asha@example.com\nAsha Rao\n", "--tenant", "acme")
    assert done.exit_code == 2
    assert "line 2: neither an address nor a number" in done.output
    assert "asha" not in done.output.lower()


@pytest.mark.parametrize(
    ("given", "words", "says"),
    [
        ("a@b.example\n\n", ["--tenant", "acme"], "line 2: empty"),
        ("a@b.example\n", ["--tenant", "acne"], "--tenant: "),
        ("7\n", ["--tenant", "acme", "--source", "desk"], "--source: acme has actions"),
        ("7\n", [], "Missing option '--tenant'"),
    ],
)
def test_what_is_not_known_is_named(given, words, says) -> None:
    """A reference of another key or source would never be found, unseen."""
    done = said(given, *words)
    assert done.exit_code == 2
    assert says in done.output


def test_without_the_key_nothing_is_hashed() -> None:
    """The setting is named, as by intake."""
    done = said("a@b.example\n", "--tenant", "acme", key=None)
    assert "SLUICE_INTAKE_MASKING_KEY" in str(done.exception)
    assert done.exit_code == 1


def test_another_tenant_has_other_references() -> None:
    """The same person in two tenants is two."""
    one, other = (said("a@b.example\n", "--tenant", each).stdout for each in ("acme", "bench"))
    assert one != other
