"""The judge: compares what was written with what was published, and with a run without faults."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from typing_extensions import override

from infra.resilience.found import Found, Letter, Original
from infra.resilience.load import Place, Published


@dataclass(frozen=True, slots=True)
class Sum:
    """What must add up: events = decided + dead letters, over distinct places of entry.

    A repeat of a known case is no new event; a decision voids the dead letter of its case.
    """

    events: int
    decided: int
    dead_letters: int

    @override
    def __str__(self) -> str:
        return f"{self.events} = {self.decided} + {self.dead_letters}"

    @property
    def holds(self) -> bool:
        """Whether it adds up."""
        return self.events == self.decided + self.dead_letters


def ended(published: Sequence[Published], found: Found) -> int:
    """How many published records have reached their end."""
    return sum(_has_ended(each, found) for each in published)


def _has_ended(each: Published, found: Found) -> bool:
    if each.cases and all(case in found.cases for case in each.cases):
        return True
    return each.given.must != "redriven" and each.places[0][:3] in found.letters


def adds_up(published: Sequence[Published], found: Found) -> Sum:
    """The sum, counted from what is on the topics."""
    cases = {case for each in published for case in each.cases}
    records = {each.places[0][:3]: each for each in published}
    dead = sum(
        len(each.places)
        for place, each in records.items()
        if place in found.letters and not any(case in found.cases for case in each.cases)
    )
    garbage = sum(1 for each in records.values() if not each.cases)
    return Sum(len(cases) + garbage, len(cases & found.cases.keys()), dead)


def faults(published: Sequence[Published], found: Found, oracle: Found | None = None) -> list[str]:
    """Every broken promise, one line each; empty when all were kept."""
    entered: dict[str, set[Place]] = {}
    for each in published:
        for case, place in each.cases.items():
            entered.setdefault(case, set()).add(place)
    said = [line for each in published for line in _of_record(each, found)]
    said.extend(_of_cases(entered, found))
    said.extend(_of_actions(entered, found))
    if not adds_up(published, found).holds:
        said.append(f"events = decided + dead letters does not hold: {adds_up(published, found)}")
    if oracle is not None:
        said.extend(_against(oracle, entered, found))
    return said


def unasked(published: Sequence[Published], found: Found) -> list[str]:
    """What was written about nothing that was published: `published` must be all there is."""
    cases = {case for each in published for case in each.cases}
    records = {each.places[0][:3] for each in published}
    return [
        *(f"a case that nobody published was decided: {c}" for c in found.cases.keys() - cases),
        *(f"a dead letter of nothing published: {p}" for p in found.letters.keys() - records),
    ]


def _of_record(each: Published, found: Found) -> Iterator[str]:
    given, place = each.given, each.places[0][:3]
    letters = found.letters.get(place, [])
    name = f"{given.id} at {place[0]}[{place[1]}]@{place[2]}"
    decided = [case for case in each.cases if case in found.cases]
    if len(decided) < len(each.cases) and not letters:
        yield f"lost: {name}: {len(decided)} of {len(each.cases)} cases decided"
    if not each.cases and not letters:
        yield f"lost: {name}"
    if given.must == "decision" and letters:
        yield f"dead-lettered though it is sound: {name}: {letters[0].reason}: {letters[0].detail}"
    if given.must == "redriven" and len(decided) < len(each.cases):
        yield f"still dead after its redrive: {name}"
    for letter in letters:
        came = letter.came or Original(given.id.encode(), given.value, given.headers)
        if letter.kept != came:
            yield f"dead letter differs from what came: {name}"
    if len({letter.reason for letter in letters}) > 1:
        yield f"dead-lettered for different reasons: {name}: {_reasons(letters)}"


def _of_cases(entered: dict[str, set[Place]], found: Found) -> Iterator[str]:
    for name, places in entered.items():
        case = found.cases.get(name)
        if case is None:
            continue
        if len(case.bodies) > 1:
            yield f"case {name} was decided in {len(case.bodies)} different ways"
        if case.origin not in places:
            yield f"case {name} names another origin than where it entered: {case.origin}"


def _of_actions(entered: dict[str, set[Place]], found: Found) -> Iterator[str]:
    promised: Counter[str] = Counter()
    for name in entered:
        if name in found.cases:
            promised.update(found.cases[name].promised)
    for action in promised:
        if action not in found.actions and action not in found.cancelled:
            yield f"action {action} was decided and never asked for"
        if len(found.bodies.get(action, ())) > 1:
            yield f"action {action} says different things: {sorted(found.actions[action])}"
        if action in found.actions and found.cancelled.get(action) is False:
            yield f"action {action} was cancelled before it went out, and went out"
    everyone = {action for case in found.cases.values() for action in case.promised}
    yield from (
        f"action {action} was asked for and never decided"
        for action in found.actions.keys() - everyone
    )
    yield from (
        f"effect {effect} was asked for {len(actions)} times"
        for effect, actions in found.effects.items()
        if len(actions) > 1
    )


def _against(oracle: Found, entered: dict[str, set[Place]], found: Found) -> Iterator[str]:
    for name in entered:
        case, calm = found.cases.get(name), oracle.cases.get(name)
        if case is None:
            continue
        if calm is None:
            yield f"case {name}: the oracle did not decide it"
            continue
        if case.ruling != calm.ruling:
            yield f"case {name}: the oracle says {calm.ruling}, here {case.ruling}"
        for action in case.promised:
            if not found.actions.get(action, set()) <= oracle.actions.get(action, set()):
                yield f"action {action} is not the oracle's: {sorted(found.actions[action])}"


def _reasons(letters: list[Letter]) -> list[str]:
    return sorted({f"{letter.reason}: {letter.detail}" for letter in letters})
