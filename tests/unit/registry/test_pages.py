"""The pages are well-formed, escape what came from outside, and bring nothing from elsewhere."""

from __future__ import annotations

from html.parser import HTMLParser

from chassis.document import Document
from services.registry.api.pages import STATUS_PAGE, timeline_page
from services.registry.api.schemas import TimelineLine, case_view
from services.registry.domain.case import CaseRecord
from services.registry.domain.timeline import line_of
from tests.unit.registry.builders import DAY, MONDAY, ZONE, intake_of, read, ref_of, whole_path

VOID = {"meta", "input", "link", "br", "img"}
REF = ref_of("C0000000000000000000000000000071")


class Page(HTMLParser):
    """Reads a page and complains of a tag that is not closed in its place."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(html)
        self.close()
        assert self.stack == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.stack.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.tags)


def printed(document: Document[CaseRecord], institution: str | None = None) -> str:
    path = [envelope for teller in whole_path(REF) for envelope in teller.envelopes()]
    lines = [TimelineLine.model_validate(line_of(e, REF.pack).model_dump()) for e in path]
    now = MONDAY + 30 * DAY
    return timeline_page(
        case_view(document, now), institution, lines, complete=True, printed=now.astimezone(ZONE)
    )


PATH = [envelope for teller in whole_path(REF) for envelope in teller.envelopes()]


def test_timeline_page_has_a_row_for_each_event_in_both_languages() -> None:
    page = Page(printed(read(REF.case_id, PATH)))
    assert page.count("tr") == len(PATH) + 1
    text = " ".join(page.text)
    assert "Издан приказ о зачислении" in text
    assert "Enrolment order issued" in text
    assert "директор учреждения" in text
    assert "с опозданием на" in text
    assert "16.03.2026 10:00" in text  # the district's time


def test_timeline_page_of_a_late_case_says_so() -> None:
    late = printed(read(REF.case_id, intake_of(REF).envelopes()[:1]))
    assert "просрочен на 28 дн." in late
    assert "заведующий отделением срочного обслуживания" in late


def test_timeline_page_escapes_what_came_from_outside() -> None:
    html = printed(read(REF.case_id, PATH), institution="<script>alert('Ы')</script>")
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_pages_bring_nothing_from_elsewhere() -> None:
    for html in (STATUS_PAGE, printed(read(REF.case_id, PATH))):
        for tag, attributes in Page(html).tags:
            assert tag not in {"img", "link", "iframe", "object"}
            assert not {"src", "onclick", "style"} & attributes.keys()
            assert "http" not in (attributes.get("href") or "")
        assert "url(" not in html
        assert "@import" not in html


def test_status_page_labels_every_field_in_both_languages() -> None:
    page = Page(STATUS_PAGE)
    assert page.tags[0] == ("html", {"lang": "ru", "data-shown": "ru"})
    labelled = {attributes["for"] for tag, attributes in page.tags if tag == "label"}
    fields = {attributes["id"] for tag, attributes in page.tags if tag == "input"}
    assert labelled == fields == {"number", "code"}
    languages = [attributes.get("lang") for tag, attributes in page.tags if tag != "html"]
    assert languages.count("ru") == languages.count("en") + 1  # noscript is said in Russian only
    (answer,) = [attributes for _, attributes in page.tags if attributes.get("id") == "answer"]
    assert answer["role"] == "status"
