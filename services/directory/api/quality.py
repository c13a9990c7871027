"""The quality report: what is wrong in what is printed, for a person to decide on."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

from fastapi import APIRouter, Query, Response

from chassis.spreadsheet import download, table
from contracts.errors import InvalidInput
from services.directory.api.callers import QualityReader
from services.directory.api.views import FaultView, QualityView, RuleCount, fault_view
from services.directory.directory import Directory, WithDirectory
from services.directory.domain.quality import RULES
from services.directory.domain.rows import SourceRow

router = APIRouter(tags=["quality"])

Rule = Annotated[str | None, Query(description="code of one rule, e.g. phone.digit_count")]
Source = Annotated[str | None, Query(description="one source, e.g. R", max_length=20)]


@router.get("/quality", summary="Faults of what is printed")
async def get_quality(
    by: QualityReader, directory: WithDirectory, rule: Rule = None, document: Source = None
) -> QualityView:
    """Every fault with row, field, printed value, reasons and proposal, counted by rule."""
    faults = _faults(directory, rule, document)
    rows = {**directory.appendix.rows, **_imported_rows(directory)}.values()
    counts = Counter(fault.rule for fault in faults)
    return QualityView(
        rows_checked=sum(
            not row.is_invented and document in {None, row.source.document} for row in rows
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
            if rule in {None, item.code}
        ],
        faults=faults,
    )


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
    columns = list(FaultView.model_fields)
    faults = (fault.model_dump(mode="json") for fault in _faults(directory, rule, document))
    lines = ([fault[name] for name in columns] for fault in faults)
    return download(table(lines, columns), "quality.csv")


def _imported_rows(directory: Directory) -> dict[str, SourceRow]:
    """What an import has taken the place of, or brought."""
    return {key: taken.row for key, taken in directory.loaded().imported().items()}


def _faults(directory: Directory, rule: str | None, document: str | None) -> list[FaultView]:
    if rule is not None and all(rule != item.code for item in RULES):
        raise InvalidInput("unknown-rule", "there is no such rule", field="query.rule")
    snapshot, appendix = directory.loaded(), directory.appendix
    imported = snapshot.imported()
    faults = [
        *(fault for fault in appendix.faults if fault.row_key not in imported),
        *(fault for taken in imported.values() for fault in taken.faults),
    ]
    views = [
        fault_view(fault, appendix, snapshot.get(fault.row_key))
        for fault in faults
        if rule in {None, fault.code}
    ]
    return [view for view in views if document in {None, view.document}]
