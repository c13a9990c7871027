"""The quality report: what is wrong in what is printed, for a person to decide on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Response

from chassis.spreadsheet import download, table
from contracts.errors import InvalidInput
from services.directory.api.callers import QualityReader
from services.directory.api.views import FaultView, QualityView, RuleCount, fault_view
from services.directory.directory import Directory, WithDirectory
from services.directory.domain.appendix import Appendix
from services.directory.domain.organization import Organization
from services.directory.domain.quality import RULES
from services.directory.domain.rows import ImportedRow

router = APIRouter(tags=["quality"])

Rule = Annotated[str | None, Query(description="code of one rule, e.g. phone.digit_count")]
Source = Annotated[str | None, Query(description="one source, e.g. R", max_length=20)]


@router.get("/quality", summary="Faults of what is printed", response_model=QualityView)
async def get_quality(
    by: QualityReader, directory: WithDirectory, rule: Rule = None, document: Source = None
) -> Response:
    """Every fault with row, field, printed value, reasons and proposal, counted by rule."""
    asked = _asked(directory, rule, document)
    content = await directory.service.aside(_view, asked)
    return Response(content, media_type="application/json")


@router.get(
    "/quality.csv",
    summary="The same as CSV",
    response_class=Response,
    responses={200: {"content": {"text/csv": {}}, "description": "one line a fault"}},
)
async def get_quality_csv(
    by: QualityReader, directory: WithDirectory, rule: Rule = None, document: Source = None
) -> Response:
    """The faults as a table, to be opened in a spreadsheet: semicolons, UTF-8 with a mark."""
    asked = _asked(directory, rule, document)
    return download(await directory.service.aside(_table, asked), "quality.csv")


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked for, and the directory as it stood then: it is gone through aside."""

    appendix: Appendix
    known: Mapping[str, tuple[int, Organization]]
    rule: str | None
    document: str | None


def _asked(directory: Directory, rule: str | None, document: str | None) -> _Asked:
    if rule is not None and all(rule != item.code for item in RULES):
        raise InvalidInput("unknown-rule", "there is no such rule", field="query.rule")
    return _Asked(directory.appendix, directory.loaded().all(), rule, document)


def _view(asked: _Asked) -> str:
    faults = _faults(asked)
    imported = {key: taken.row for key, taken in _imported(asked).items()}
    counts = Counter(fault.rule for fault in faults)
    view = QualityView(
        rows_checked=sum(
            not row.is_invented and asked.document in {None, row.source.document}
            for row in {**asked.appendix.rows, **imported}.values()
        ),
        faults_found=len(faults),
        corrected=sum(fault.corrected for fault in faults),
        rules=[
            RuleCount(
                rule=item.code,
                severity=item.severity,
                source=item.source,
                count=counts[item.code],
            )
            for item in RULES
            if asked.rule in {None, item.code}
        ],
        faults=faults,
    )
    return view.model_dump_json()


def _table(asked: _Asked) -> str:
    columns = list(FaultView.model_fields)
    faults = (fault.model_dump(mode="json") for fault in _faults(asked))
    return table(([fault[name] for name in columns] for fault in faults), columns)


def _imported(asked: _Asked) -> dict[str, ImportedRow]:
    """What an import has taken the place of, or brought, by organization."""
    return {
        key: organization.imported
        for key, (_, organization) in sorted(asked.known.items())
        if organization.imported is not None
    }


def _faults(asked: _Asked) -> list[FaultView]:
    imported, nobody = _imported(asked), (0, None)
    faults = [
        *(fault for fault in asked.appendix.faults if fault.row_key not in imported),
        *(fault for taken in imported.values() for fault in taken.faults),
    ]
    views = [
        fault_view(fault, asked.appendix, asked.known.get(fault.row_key, nobody)[1])
        for fault in faults
        if asked.rule in {None, fault.code}
    ]
    return [view for view in views if asked.document in {None, view.document}]
