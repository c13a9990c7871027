"""A version of Opora newer than this one: this source tree with the changes a newer version may
make, in a folder of its own, run as processes beside those of today.

What it changes is what P12 allows: optional fields in events at every depth, an attribute in the
envelope, an event type nobody knew, a `.v2` said beside its `.v1`, fields in what is stored.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.runner.servers import ROOT

PARTS = ("contracts", "chassis", "services")


@dataclass(frozen=True, slots=True)
class Change:
    """Text that stands once in a file, and what stands there in the newer version."""

    path: str
    before: str
    after: str


ATTRIBUTE = (
    Change(
        "contracts/envelope.py",
        "    data: dict[str, Any]\n",
        '    dataregulation: Short = "152-FZ"\n    data: dict[str, Any]\n',
    ),
)
"""An attribute of the envelope."""

NESTED_FIELD = (
    Change(
        "contracts/case.py",
        "    pack: Identifier\n",
        "    pack: Identifier\n    ward: Line | None = None\n",
    ),
    Change(
        "services/intake/domain/registration.py",
        "        pack=entry.pack,\n    )\n",
        '        pack=entry.pack,\n        ward="Восточный",\n    )\n',
    ),
)
"""A field in a value that travels in events of three services and is stored by four."""

NEW_TYPE = (
    Change(
        "contracts/triage.py",
        "class UrgentMeasuresPlanned(\n",
        'class CaseWeighed(CaseEvent, stream=CASE, clause="R 3.1.6", ru="Вес", en="Weighed"):\n'
        '    """How much care the case will ask for."""\n\n'
        "    weight: int\n\n\n"
        "class UrgentMeasuresPlanned(\n",
    ),
    Change(
        "contracts/triage.py",
        "    overridden: bool = False\n",
        "    overridden: bool = False\n    remark: Line | None = None\n",
    ),
    Change(
        "services/intake/domain/triage.py",
        "    return [\n        CaseTriaged(\n            by=at.by,\n",
        "    from contracts.triage import CaseWeighed\n\n"
        "    case.weight = 3\n"
        "    return [\n        CaseWeighed(by=at.by, weight=3),\n"
        '        CaseTriaged(\n            by=at.by,\n            remark="Взвешено",\n',
    ),
    Change(
        "services/intake/domain/case.py",
        "    override_reason: str | None = None\n",
        "    override_reason: str | None = None\n    weight: int = 0\n",
    ),
)
"""An event type, said before one that others wait for; a field of an event; one of what is kept."""

NEW_VERSION = (
    Change(
        "contracts/assessment.py",
        "class AssessmentDeclined(\n",
        "class NeedsAssessedV2(\n"
        "    NeedsAssessed,\n"
        "    stream=CASE,\n"
        "    version=2,\n"
        '    clause="L 3.3",\n'
        '    ru="Определён уровень нуждаемости в уходе",\n'
        '    en="Needs assessed",\n'
        "):\n"
        '    """The same with the reasons; said beside the first until nobody reads that."""\n\n'
        "    reasons: Line\n\n\n"
        "class AssessmentDeclined(\n",
    ),
    Change(
        "services/assessment/domain/protocol.py",
        "        _assessed(case, protocol.proposal, at),\n    ]\n",
        "        *_both(_assessed(case, protocol.proposal, at)),\n    ]\n\n\n"
        "def _both(first: NeedsAssessed) -> list[Event]:\n"
        "    from contracts.assessment import NeedsAssessedV2\n\n"
        '    said = {**first.model_dump(), "opened": (), "closed": ()}\n'
        '    return [first, NeedsAssessedV2(**said, reasons="По шкале")]\n',
    ),
    Change(
        "services/careplan/domain/records.py",
        "    assessed_at: AwareDatetime\n    group: int | None = None\n",
        "    assessed_at: AwareDatetime\n    reasons: str = ''\n    group: int | None = None\n",
    ),
    Change(
        "services/careplan/handlers.py",
        "CASE_HANDLERS: dict[type[Event], Handler] = {\n",
        "def on_needs_assessed_v2(case: Case, event: NeedsAssessed, at: Context) -> list[Event]:\n"
        '    """Both versions are said in one step, so at one time: what the first has done,\n'
        '    whichever replica read it, is not done again; what it did not say is added."""\n'
        "    said = []\n"
        "    if case.assessment is None or case.assessment.assessed_at != at.now:\n"
        "        said = on_needs_assessed(case, event, at)\n"
        '    case.assessment = case.assessment.model_copy(update={"reasons": event.reasons})\n'
        "    return said\n\n\n"
        "from contracts.assessment import NeedsAssessedV2\n\n"
        "CASE_HANDLERS: dict[type[Event], Handler] = {\n"
        "    NeedsAssessedV2: on_needs_assessed_v2,\n",
    ),
)
"""A second version of the event by which assessment hands a case over, and its reader."""

EVERYTHING = (*ATTRIBUTE, *NESTED_FIELD, *NEW_TYPE, *NEW_VERSION)


def newer(folder: Path, changes: Sequence[Change] = EVERYTHING) -> Path:
    """The tree of the newer version. Fails where a change finds no place, or is none that the
    catalogue of events allows."""
    for part in PARTS:
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    for change in changes:
        file = folder / change.path
        text = file.read_text(encoding="utf-8")
        if text.count(change.before) != 1:
            raise LookupError(f"{change.path}: stands {text.count(change.before)} times")
        file.write_text(text.replace(change.before, change.after), encoding="utf-8")
    subprocess.run(
        [sys.executable, "-m", "contracts.catalogue"],
        cwd=folder,
        env={"PYTHONPATH": str(folder)},
        check=True,
        timeout=60,
    )
    return folder
