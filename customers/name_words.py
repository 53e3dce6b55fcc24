"""Names as people search them: words without accents, capitals and punctuation, and the words that are known."""

from difflib import get_close_matches
from string import ascii_lowercase

import pgtrigger
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import TrigramSimilarity
from django.db import connection, models
from django.db.models import Func

SHORTEST_SLIP = 4  # letters; of a shorter word nearly everything is a slip of the pen, but a letter left out of it
ALIKE = 0.7  # of difflib's ratio: "mraia" and "maria", not "mario" and "marta"
COMPARED, MEANT = 100, 4


class SearchName(Func):
    """Says ` maria julia barber ` of a name. The function stands in the migrations, and folds what is typed as well."""

    function = "search_name"
    arity = 3


class NameWord(models.Model):
    """A word of somebody's name, so that a slip of the pen is compared with words and not with people.

    A trigger adds what is new. None is removed: one that nobody bears any more finds nobody.
    """

    word = models.TextField(primary_key=True)

    class Meta:
        default_permissions = ()
        indexes = [GinIndex(OpClass("word", name="gin_trgm_ops"), name="name_word_trgm")]

    def __str__(self) -> str:
        return self.word


# In order, so that two transactions which add the same words do not wait for each other.
NOTE_WORDS = pgtrigger.Trigger(
    name="note_words",
    when=pgtrigger.After,
    operation=pgtrigger.Insert | pgtrigger.UpdateOf("first_name", "second_name", "last_name"),  # type: ignore[no-untyped-call]
    func="""
        INSERT INTO customers_nameword (word)
        SELECT DISTINCT word FROM unnest(string_to_array(btrim(NEW.search_name), ' ')) AS word WHERE word <> ''
        ORDER BY word ON CONFLICT DO NOTHING;
        RETURN NULL;
    """,
)


def words_of(typed: str) -> list[str]:
    """Return the words as names hold them. PostgreSQL folds both, so that they cannot differ."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT search_name(%s, '', '')", [typed])
        (folded,) = cursor.fetchone()
    return list(dict.fromkeys(folded.split()))


def meant_by(word: str) -> list[str]:
    """Return the known words that somebody may have meant, the likeliest first."""
    known = NameWord.objects.values_list("word", flat=True)
    if len(word) == SHORTEST_SLIP - 1:
        found = set(known.filter(word__in=_with_a_letter_more(word)))
    elif len(word) >= SHORTEST_SLIP:
        alike = known.filter(word__trigram_similar=word).order_by(TrigramSimilarity("word", word).desc(), "word")
        found = {*alike[:COMPARED], *known.filter(word__in=_with_two_swapped(word))} - {word}
    else:
        return []
    return get_close_matches(word, sorted(found), n=MEANT, cutoff=ALIKE)


def _with_a_letter_more(word: str) -> set[str]:
    return {word[:at] + letter + word[at:] for at in range(len(word) + 1) for letter in ascii_lowercase}


def _with_two_swapped(word: str) -> set[str]:
    """Return what shares few trigrams with the word although it is only two letters away."""
    return {word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in range(len(word) - 1)}
