"""Formats that sources send, each a module: its documents become events of ours.

A new one is a module with a `Format` and a line in `ALL`.
"""

from services.intake.formats import (
    dcsa,
    email,
    epcis,
    freshdesk,
    intercom,
    jira,
    servicenow,
    sluice,
    zammad,
    zendesk,
)
from services.intake.formats.base import Format

ALL: dict[str, Format] = {
    each.name: each
    for each in (
        sluice.TICKET,
        sluice.SUPPLY_EVENT,
        epcis.FORMAT,
        dcsa.FORMAT,
        zendesk.FORMAT,
        freshdesk.FORMAT,
        zammad.FORMAT,
        jira.FORMAT,
        servicenow.FORMAT,
        intercom.FORMAT,
        email.FORMAT,
    )
}
