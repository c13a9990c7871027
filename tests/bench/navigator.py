"""`python -m tests.bench.navigator`: how long a question to the navigator takes, in a large region.

Invented: 5,000 organizations with four services each, made of those of the sources. Measured is the
look-up in memory (words, filters, ranking, reasons, counts), without HTTP.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Iterator

from contracts.territory import AddressQuery, municipalities, regions
from services.directory.adapters.data_files import read_rows
from services.directory.adapters.morphology import closest, lemmas
from services.directory.adapters.service_files import read_services, read_vocabulary, read_words
from services.directory.domain.appendix import Appendix
from services.directory.domain.finding import Question, find
from services.directory.domain.listing_rows import listings_of
from services.directory.domain.search import Entry, SearchIndex
from services.directory.domain.words import Language

ORGANIZATIONS, EACH, TIMES = 5000, 4, 300
QUESTIONS = [
    ("сиделка для бабушки", "Ленинск-Кузнецкий"),
    ("инвалидная коляска", None),
    ("помощь на дому", None),
    ("помощь лежачему больному на дому", "Юрга"),
    ("сидлека", None),
    (None, "Кемерово"),
]


def entries(appendix: Appendix, dice: random.Random) -> Iterator[Entry]:
    """Services of a region many times as large as ours."""
    filed = listings_of(read_services(), tuple(appendix.rows), read_vocabulary())
    listings, cards = list(filed.values()), list(appendix.cards.values())
    for number in range(ORGANIZATIONS):
        id = f"x-{number}"
        changed = {"id": id, "name": f"МБУ «Тёплый дом {number}»"}
        card = dice.choice(cards).model_copy(update=changed)
        for place, one in enumerate(dice.sample(listings, EACH)):
            update = {"id": f"{id}.{place}", "organization": id}
            yield Entry(one.model_copy(update=update), card, dice.random() < 0.3, True)


def milliseconds(work: Callable[[], object]) -> list[float]:
    taken = []
    for _ in range(TIMES):
        begun = time.perf_counter()
        work()
        taken.append((time.perf_counter() - begun) * 1000)
    return sorted(taken)


def main() -> None:
    appendix = Appendix(read_rows(), municipalities(), regions())
    vocabulary, language = read_vocabulary(), Language(lemmas, read_words())
    made = list(entries(appendix, random.Random(1)))
    begun = time.perf_counter()
    index = SearchIndex(vocabulary, lemmas, closest)
    index.put_all(made)
    print(f"index of {len(made)} services: {time.perf_counter() - begun:.1f} s")
    for words, place in QUESTIONS:
        where = appendix.gazetteer.locate(AddressQuery(text=place)) if place else None

        def ask(words: str | None = words, where: object = where) -> int:
            units = language.units(words) if words else ()
            question = Question(units=units, location=where)  # type: ignore[arg-type]
            return find(index, question, vocabulary, 0, 20).total

        taken = milliseconds(ask)
        print(
            f"{words or '–'} @ {place or '–'}: {ask()} found,"
            f" median {statistics.median(taken):.2f} ms, 99 % {taken[int(TIMES * 0.99)]:.2f} ms"
        )
    again = milliseconds(lambda: index.put(made[0]))
    print(f"one service put again: median {statistics.median(again):.2f} ms")


if __name__ == "__main__":
    main()
