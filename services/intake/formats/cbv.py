"""The words of GS1's Core Business Vocabulary 2.0 (§7), in every spelling that EPCIS allows.

A word comes bare (`shipping`), as a CURIE (`cbv:BizStep-shipping`), as a web URI
(`https://ref.gs1.org/cbv/BizStep-shipping`) or as the URN of CBV 1.x
(`urn:epcglobal:cbv:bizstep:shipping`). What is bare must be a word of the vocabulary. A URI or
CURIE that is none of it is somebody's own word: `other`, with what was said beside it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# A URI, or a CURIE, which looks the same.
URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+")

OTHER = "other"


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A closed list of words, and how GS1 writes them in the web and in a URN."""

    words: frozenset[str]
    web: str
    urn: str

    def word(self, given: str) -> str | None:
        """The word meant; `other` for one of somebody's own; None for a bare one that is none."""
        if given in self.words:
            return given
        if URI.fullmatch(given) is None:
            return None
        found = re.fullmatch(
            rf"(?:cbv:|https?://(?:ref|ns)\.gs1\.org/cbv/){self.web}-(\w+)"
            rf"|urn:epcglobal:cbv:{self.urn}:(\w+)",
            given,
        )
        word = (found[1] or found[2]) if found else None
        return word if word in self.words else OTHER


def prefixes(context: Any, known: Mapping[str, str]) -> Mapping[str, str]:
    """The prefixes that a JSON-LD context binds, added to those of the contexts around it."""
    found = dict(known)
    for each in context if isinstance(context, list) else [context]:
        if isinstance(each, dict):
            found |= {name: uri for name, uri in each.items() if isinstance(uri, str)}
    return found


def expanded(given: str, bound: Mapping[str, str]) -> str:
    """The URI behind a CURIE whose prefix a document binds; the standard's own are protected."""
    prefix, colon, rest = given.partition(":")
    if not colon or prefix in _PROTECTED or prefix not in bound:
        return given
    return bound[prefix] + rest


_PROTECTED = frozenset({"cbv", "gs1", "epcis", "cbvmda"})


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


BIZ_STEPS = Vocabulary(
    _words(
        "accepting arriving assembling collecting commissioning consigning creating_class_instance"
        " cycle_counting decommissioning departing destroying disassembling dispensing encoding"
        " entering_exiting holding inspecting installing killing loading other packing picking"
        " receiving removing repackaging repairing replacing reserving retail_selling sampling"
        " sensor_reporting shipping staging_outbound stock_taking stocking storing transporting"
        " unloading unpacking void_shipping"
    ),
    "BizStep",
    "bizstep",
)
DISPOSITIONS = Vocabulary(
    _words(
        "active available completeness_inferred completeness_verified conformant container_closed"
        " container_open damaged destroyed dispensed disposed encoded expired in_progress"
        " in_transit inactive mismatch_class mismatch_instance mismatch_quantity needs_replacement"
        " no_pedigree_match non_conformant non_sellable_other partially_dispensed recalled reserved"
        " retail_sold returned sellable_accessible sellable_not_accessible stolen unavailable"
        " unknown"
    ),
    "Disp",
    "disp",
)
TRANSACTIONS = Vocabulary(
    _words("bol cert desadv inv pedigree po poc prodorder recadv rma testprd testres upevt"),
    "BTT",
    "btt",
)
PARTIES = Vocabulary(_words("location owning_party possessing_party"), "SDT", "sdt")
ERRORS = Vocabulary(_words("did_not_occur incorrect_data"), "ER", "er")
COMPONENTS = Vocabulary(
    _words(
        "altitude axial_distance azimuth easting elevation_angle geocoordinate height latitude"
        " longitude northing polar_angle spherical_radius x y z"
    ),
    "Comp",
    "comp",
)

# The GS1 Web Vocabulary's lists. What may be measured is open: a word that is none of ours is kept.
_WEB = re.compile(r"(?:gs1:|https?://(?:www\.|ref\.)?gs1\.org/voc/)(?:[A-Za-z]+-)?(\w+)")
ALERTS = {"ALARM_CONDITION": "alarm", "ERROR_CONDITION": "error"}


def web_word(given: str) -> str:
    """A word of the GS1 Web Vocabulary without its namespace; another one as it is."""
    found = _WEB.fullmatch(given)
    return found[1] if found else given
