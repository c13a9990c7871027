"""Law as dated data: packs of terms, documents, questionnaires and lists, each with its clause.

A case pins the pack in force when it was registered and keeps it; the machine proposes by the
pack's rules, a person confirms.
"""

from contracts.regulation.deadlines import TermRule, deadline
from contracts.regulation.instruments import (
    IncompleteAnswers,
    Instrument,
    InstrumentKind,
    Score,
    UnknownAnswer,
    points,
    score,
)
from contracts.regulation.loading import (
    FIRST_PACK,
    NoPackInForce,
    UnknownPack,
    load_pack,
    pack_in_force,
)
from contracts.regulation.pack import RegulationPack, UnknownTerm

__all__ = [
    "FIRST_PACK",
    "IncompleteAnswers",
    "Instrument",
    "InstrumentKind",
    "NoPackInForce",
    "RegulationPack",
    "Score",
    "TermRule",
    "UnknownAnswer",
    "UnknownPack",
    "UnknownTerm",
    "deadline",
    "load_pack",
    "pack_in_force",
    "points",
    "score",
]
