"""The navigator as a page for a person: plain HTML from our own files, nothing from elsewhere.

Invariant: every text is escaped, and the policy in the header lets the page's own style apply and
nothing else: there is no script. What is wrong in a question is said on the page, with its status.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

import phonenumbers
from fastapi import APIRouter, Depends, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chassis.http import public
from chassis.pages import page, templates
from chassis.problems import PROBLEMS
from contracts.errors import InvalidInput
from services.directory.api.navigator import MOST_PAGES, Asked, look, pages_of
from services.directory.api.navigator_views import facet_views, hit_views
from services.directory.directory import Directory, WithDirectory
from services.directory.domain.places import UnknownPlace
from services.directory.domain.vocabulary import FACET_RU, Facet

router = APIRouter(tags=["navigator"])


def spoken(phone: str) -> str:
    """A phone as people write it, e.g. +7 384 563-42-89."""
    try:
        number = phonenumbers.parse(phone)
    except phonenumbers.NumberParseException:  # of no country that is known
        return phone
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


PER_PAGE = 10
TEMPLATES = templates(Path(__file__).parent.parent / "pages")
TEMPLATES.filters["spoken"] = spoken
SELECTS = {Facet.NEEDS: "need", Facet.KINDS: "kind", Facet.GROUPS: "group", Facet.FORMS: "form"}
WRONG_RU = {
    "question-too-short": "Напишите хотя бы две буквы.",
    "question-too-long": "Слишком длинный вопрос: не больше 200 знаков и 20 слов.",
    "question-says-nothing": "Назовите, какая нужна помощь: например, «сиделка» или «коляска».",
    "unknown-place": "Такого места нет в справочнике. Проверьте название или оставьте поле пустым.",
}


class PageQuestion(BaseModel):
    """The form's fields as they come: an empty field says nothing."""

    model_config = ConfigDict(extra="forbid")

    q: str = ""
    place: str = ""
    need: str = ""
    kind: str = ""
    group: str = ""
    form: str = ""
    open_now: bool = False
    free: bool = False
    page: int = Field(default=1, ge=1, le=MOST_PAGES)

    def asked(self) -> Asked:
        """The question of the API; raises what the API would answer with."""
        said = _said(self.model_dump())
        for name in SELECTS.values():
            if name in said:
                said[name] = [said[name]]
        try:
            return Asked.model_validate({**said, "per_page": PER_PAGE})
        except ValidationError as wrong:
            errors = [{**error, "loc": ("query", *error["loc"])} for error in wrong.errors()]
            raise RequestValidationError(errors) from wrong


PAGE_OR_PROBLEM: dict[str, Any] = {
    "description": "the page, with what is wrong; or which parameter is",
    "content": {"text/html": {}, **PROBLEMS[422]["content"]},
}


@router.get(
    "/navigator/page",
    summary="Find services: a page for people",
    dependencies=[Depends(public)],
    response_class=HTMLResponse,
    responses={422: PAGE_OR_PROBLEM},
)
async def get_navigator_page(
    typed: Annotated[PageQuestion, Query()], request: Request, directory: WithDirectory
) -> HTMLResponse:
    """The same search as `/navigator`, as HTML in Russian, without script."""
    vocabulary = directory.offer.vocabulary
    shown: dict[str, Any] = {
        "typed": typed,
        "asked": bool(request.query_params),
        "selects": [
            (name, FACET_RU[facet], vocabulary.terms(facet)) for facet, name in SELECTS.items()
        ],
        "wrong": None,
        "nearest": [],
        "result": None,
    }
    status = 200
    try:
        shown["result"] = _result(directory, typed) if shown["asked"] else None
    except InvalidInput as wrong:
        status = wrong.status
        shown["wrong"] = WRONG_RU.get(wrong.code, "Вопрос не понят: проверьте, что введено.")
        shown["wrong_field"] = "place" if wrong.field == "query.place" else "q"
        if isinstance(wrong, UnknownPlace):
            shown["nearest"] = [(one, _link(typed, place=one, page=1)) for one in wrong.nearest]
    return page(TEMPLATES.get_template("navigator.html").render(shown), status)


def _result(directory: Directory, typed: PageQuestion) -> dict[str, Any]:
    asked = typed.asked()
    answer = look(directory, asked)
    pages = pages_of(answer.found.total, PER_PAGE)
    facets = facet_views(answer.found, directory.offer.vocabulary)
    return {
        "total": answer.found.total,
        "partly": answer.found.partly,
        "elsewhere": answer.found.elsewhere,
        "everywhere": _link(typed, place="", page=1),
        "hits": hit_views(directory, answer.found),
        "kinds": [(kind, _link(typed, kind=kind.code, page=1)) for kind in facets[Facet.KINDS]],
        "all_kinds": _link(typed, kind="", page=1),
        "page": asked.page,
        "pages": pages,
        "before": _link(typed, page=asked.page - 1) if asked.page > 1 else None,
        "after": _link(typed, page=asked.page + 1) if asked.page < pages else None,
    }


def _link(typed: PageQuestion, **other: Any) -> str:
    said = {**typed.model_dump(), **other}
    kept = {
        name: "true" if value is True else value
        for name, value in _said(said).items()
        if (name, value) != ("page", 1)
    }
    return "?" + urlencode(kept or {"page": 1})


def _said(fields: dict[str, Any]) -> dict[str, Any]:
    """Without the fields that say nothing: those left empty, and boxes not ticked."""
    return {name: value for name, value in fields.items() if value != "" and value is not False}
