"""What EPCIS 2.0 asks of an event beyond the kinds of its fields (§7.4.2 to §7.4.6)."""

from services.intake.formats.base import Reader


def check_by_kind(event: Reader, kind: str | None) -> None:
    """Raises `Rejected` naming the field that must be there, or must not."""
    match kind:
        case "ObjectEvent":
            _object(event)
        case "AggregationEvent" | "AssociationEvent":
            _with_children(event)
        case "TransactionEvent":
            _transaction(event)
        case "TransformationEvent":
            _transformation(event)
        case _:
            pass


def _object(event: Reader) -> None:
    seen = event.array("sensorElementList") and event.child("readPoint") is not None
    if event.data.get("epcList") is None and not event.array("quantityList") and not seen:
        raise event.refuse(
            "epcList",
            "one of epcList, quantityList, sensorElementList with a readPoint is required",
        )
    if event.data.get("ilmd") is not None and event.text("action") != "ADD":
        raise event.refuse("ilmd", "is said where things begin to be: with action ADD alone")


def _with_children(event: Reader) -> None:
    action = event.text("action")
    if action != "OBSERVE":
        event.required("parentID")
    if action != "DELETE" and not (event.array("childEPCs") or event.array("childQuantityList")):
        raise event.refuse("childEPCs", "one of childEPCs, childQuantityList is required")


def _transaction(event: Reader) -> None:
    if not event.array("bizTransactionList"):
        raise event.refuse("bizTransactionList", "is required")
    if (
        event.data.get("epcList") is None
        and not event.array("quantityList")
        and event.text("action") != "DELETE"
    ):
        raise event.refuse("epcList", "one of epcList, quantityList is required")


def _transformation(event: Reader) -> None:
    inputs = event.array("inputEPCList") or event.array("inputQuantityList")
    outputs = event.array("outputEPCList") or event.array("outputQuantityList")
    if event.text("transformationID") is None:
        if not inputs or not outputs:
            raise event.refuse(
                "inputEPCList", "inputs and outputs are required without transformationID"
            )
    elif not (inputs or outputs):
        raise event.refuse("inputEPCList", "inputs or outputs are required")
