"""Formats that sources send, each a module: its documents become events of ours.

A new one is a module with a `Format` and a line in `ALL`.
"""

from services.intake.formats import (
    dcsa,
    edi,
    email,
    epcis,
    freshdesk,
    intercom,
    jira,
    notice,
    project44,
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
        project44.FORMAT,
        edi.FORMAT,
        notice.FORMAT,
        zendesk.FORMAT,
        freshdesk.FORMAT,
        zammad.FORMAT,
        jira.FORMAT,
        servicenow.FORMAT,
        intercom.FORMAT,
        email.FORMAT,
    )
}
