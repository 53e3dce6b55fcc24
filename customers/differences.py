"""What changed between two of the provider's answers, in sentences: satisfied, came back, new, no longer needed."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from cryptomate import DataRequirement, MissingRequirements, RejectedItem
from customers.naming import mid_sentence, name_of_field, name_of_key
from customers.requirements import concerns

LONGEST_REASON = 300


@dataclass(frozen=True)
class Answer:
    """What the provider said at one time: what is missing, and what it flagged."""

    missing: Mapping[str, Any]
    rejected: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True)
class Item:
    """A field or a document that the provider spoke of, by its name, with the reasons it gave."""

    name: str
    reasons: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        return ", ".join(filter(None, [mid_sentence(self.name), *map(mid_sentence, self.reasons)]))


@dataclass(frozen=True)
class Difference:
    satisfied: tuple[Item, ...] = ()
    came_back: tuple[Item, ...] = ()
    new: tuple[Item, ...] = ()
    no_longer_needed: tuple[Item, ...] = ()

    @property
    def sentences(self) -> str:
        return " ".join(self.lines)

    @property
    def lines(self) -> list[str]:
        parts = (
            ("Satisfied", self.satisfied, ", "),
            ("Came back", self.came_back, "; "),
            ("New", self.new, ", "),
            ("No longer needed", self.no_longer_needed, ", "),
        )
        return [f"{said}: {between.join(item.words for item in items)}." for said, items, between in parts if items]

    def __bool__(self) -> bool:
        return bool(self.satisfied or self.came_back or self.new or self.no_longer_needed)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any] | None) -> "Difference":
        return cls(
            **{
                kind: tuple(Item(each["name"], tuple(each["reasons"])) for each in items)
                for kind, items in (value or {}).items()
            }
        )


def difference(
    before: Answer | None, after: Answer, *, earlier: Iterable[Answer] = (), supplied: Collection[str] = ()
) -> Difference:
    """Compare two answers. `earlier` are those before them; `supplied` names, by key, what was sent to the provider.

    What is not asked for any more is satisfied where it was supplied; else the provider has stopped asking for it.
    """
    earlier = [*earlier, *([before] if before else [])]
    known = {key: name for answer in [*earlier, after] for key, name in _asked(answer.missing).items()}
    was, now = _open(before, known), _open(after, known)
    seen = {key for answer in earlier for key in _open(answer, known)}
    gone = [(key, item) for key, item in was.items() if key not in now]
    fresh = {key: _unsaid(item, was.get(key)) for key, item in now.items()}
    news = {key: item for key, item in fresh.items() if key not in was or item.reasons}
    return Difference(
        satisfied=tuple(replace(item, reasons=()) for key, item in gone if key in supplied),
        came_back=tuple(item for key, item in news.items() if key in seen or item.reasons),
        new=tuple(item for key, item in news.items() if not (key in seen or item.reasons)),
        no_longer_needed=tuple(replace(item, reasons=()) for key, item in gone if key not in supplied),
    )


def data_key(field: str) -> str:
    return f"data:{field}"


def document_key(requirement: str) -> str:
    return f"document:{requirement}"


def _asked(missing: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an answer asks for by key: each field of the data requirements, each document requirement."""
    found: dict[str, Any] = {}
    read = MissingRequirements.from_json(missing)
    for requirement in read.data:
        found |= {data_key(wanted.key): (name_of_field(wanted), requirement) for wanted in requirement.fields}
        if not requirement.fields:
            found[data_key(requirement.id)] = (requirement.name, requirement)
    return found | {document_key(each.id): (each.name, each) for each in read.documents}


def _open(answer: Answer | None, known: Mapping[str, Any]) -> dict[str, Item]:
    """Return what is missing or flagged, by key."""
    if answer is None:
        return {}
    found = {key: Item(name) for key, (name, _) in _asked(answer.missing).items()}
    for each in answer.rejected:
        item = RejectedItem.from_json(each)
        for key, name in _flagged(item, known):
            reasons = (*found.get(key, Item(name)).reasons, item.reason[:LONGEST_REASON])
            found[key] = Item(name, tuple(filter(None, dict.fromkeys(reasons))))
    return found


def _flagged(item: RejectedItem, known: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return key and name of what a rejected item is about: a document goes by the name of its type."""
    found = []
    for key, (name, requirement) in known.items():
        if not concerns(item, requirement):
            continue
        if not isinstance(requirement, DataRequirement):
            named = next((each.name for each in requirement.valid_documents if each.id == item.key), name)
            found.append((key, named))
        elif item.key in (requirement.id, key.partition(":")[2]):
            found.append((key, name))
    return found or [(f"{item.type}:{item.key}", name_of_key(item.key))]


def _unsaid(item: Item, before: Item | None) -> Item:
    """Leave out the reasons that were given before."""
    return replace(item, reasons=tuple(each for each in item.reasons if not before or each not in before.reasons))
