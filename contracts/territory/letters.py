"""Letters of the other keyboard: one is easily typed for the one that looks alike."""

from typing import Final

LOOKALIKES: Final = str.maketrans("ABCEHKMOPTXYaceopxyё", "АВСЕНКМОРТХУасеорхуе")
"""Latin letters that look as Cyrillic ones: a keyboard left in the other layout for one letter."""
