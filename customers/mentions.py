"""Who is meant by the `@names` in a note. Only people who may see customers can be: they are sent to one."""

import re
from difflib import get_close_matches

from django.contrib.auth.models import User
from django.db.models import QuerySet

from people.rights import people_who_may

# Not within an e-mail address. What Django takes for a user name, which may be an address itself.
NAMED = re.compile(r"(?<![\w@.+-])@([\w.@+-]+)")
AT_THE_END = ".-+@"  # of a name that closes a sentence
NEAREST, ALIKE = 3, 0.5


class NobodyOfThatName(Exception):  # noqa: N818 - it is what was typed
    """The message is the sentence the person reads."""


def people_to_mention() -> QuerySet[User]:
    return people_who_may("customers.view_customer")


def mentioned_in(text: str) -> list[User]:
    """Return the people whom the text mentions, each once. Raises NobodyOfThatName."""
    if not (names := NAMED.findall(text)):
        return []
    people = {person.get_username(): person for person in people_to_mention()}
    return list(dict.fromkeys(_person(name, people) for name in names))


def _person(name: str, people: dict[str, User]) -> User:
    folded = {known.casefold(): person for known, person in people.items()}
    for said in (name, name.rstrip(AT_THE_END)):
        if person := people.get(said) or folded.get(said.casefold()):
            return person
    raise NobodyOfThatName(_refusal(name.rstrip(AT_THE_END), list(people)))


def _refusal(name: str, known: list[str]) -> str:
    near = [f"@{each}" for each in get_close_matches(name, known, n=NEAREST, cutoff=ALIKE)]
    meant = f" Did you mean {' or '.join(near)}?" if near else ""
    return f"Nobody called “{name}” can be mentioned.{meant} Take the @ away if it is no mention."
