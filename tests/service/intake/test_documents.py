"""Files of documents over HTTP, the package, what to bring, receipts (R 2.6, 3.3.9, 5.2)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from contracts.documents import DocumentAttached
from contracts.errors import InvalidInput
from services.intake.adapters.attachments import MAX_ATTACHMENT_BYTES
from services.intake.api.attachments import filename_of
from tests.service.intake.bodies import answers_of, new_citizen, new_referral
from tests.service.intake.desk import OTHER_INSTITUTION, Desk
from tests.service.stack import AUTHORISED_BODY, Stack

PDF = b"%PDF-1.7\n" + "Паспорт".encode() + b"\n%%EOF\n"


def digest_of(content: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def applied(desk: Desk) -> str:
    return await desk.applied()


def problem(answered: httpx.Response, status: int, code: str, field: str | None = None) -> Any:
    assert answered.status_code == status, answered.text
    body = answered.json()
    assert body["code"] == code
    if field is not None:
        assert [wrong["field"] for wrong in body["errors"]] == [field]
    return body


async def test_file_is_attached_listed_and_handed_out(desk: Desk) -> None:
    case_id = await desk.applied()
    await desk.settle()
    name = "attachment; filename*=UTF-8''%D0%BF%D0%B0%D1%81%D0%BF%D0%BE%D1%80%D1%82.pdf"
    answered = await desk.attach(
        case_id,
        "identity",
        PDF,
        **{"Content-Digest": digest_of(PDF), "Content-Disposition": name},
    )
    assert answered.status_code == 200, answered.text
    attachment_id = answered.json()["attachment_id"]
    event = await desk.stack.spy.wait_for(DocumentAttached, case_id)
    assert (event.document, event.attachment, event.size) == ("identity", attachment_id, len(PDF))
    assert "паспорт" not in event.model_dump_json()
    (listed,) = (await desk.get(f"/cases/{case_id}/attachments")).json()
    assert listed["filename"] == "паспорт.pdf"
    assert listed["sha256"] == hashlib.sha256(PDF).hexdigest()
    path = f"/cases/{case_id}/attachments/{attachment_id}"
    found = await desk.get(path, "care_organizer")
    assert found.content == PDF
    headers = found.headers
    assert headers["content-type"] == "application/pdf"
    assert headers["etag"] == f'"{listed["sha256"]}"'
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-disposition"].startswith('attachment; filename="identity.pdf"')
    assert "%D0%BF%D0%B0%D1%81" in headers["content-disposition"]
    again = await desk.http.get(
        path, headers={**desk.stack.headers("registrar"), "If-None-Match": headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")
    head = await desk.get(path, "authorised_body_head", org=AUTHORISED_BODY)
    assert head.status_code == 200


async def test_database_keeps_no_content(desk: Desk) -> None:
    case_id = await desk.applied()
    await desk.attach(case_id, "identity", PDF)
    stored = await desk.intake.cases.get(case_id)
    assert stored is not None
    assert "%PDF" not in stored.state.model_dump_json()


async def test_file_sent_twice_is_stored_once(desk: Desk) -> None:
    case_id = await desk.applied()
    first = await desk.attach(case_id, "identity", PDF, key="scan-1")
    again = await desk.attach(case_id, "identity", PDF, key="scan-1")
    assert first.json() == again.json()
    other = await desk.attach(case_id, "identity", PDF, key="scan-2")
    assert other.json()["attachment_id"] == first.json()["attachment_id"]
    assert other.json()["events"] == []
    assert len((await desk.get(f"/cases/{case_id}/attachments")).json()) == 1
    reused = await desk.attach(case_id, "identity", PDF + b"\n", key="scan-1")
    problem(reused, 422, "idempotency-key-reused", "Idempotency-Key")


async def test_content_stored_by_a_process_that_died_is_found_by_the_repetition(
    desk: Desk,
) -> None:
    """It died after the content and before the case: the same file again, and all is well."""
    case_id = await desk.applied()
    left = await desk.intake.attachments.put(PDF, "application/pdf", owner=case_id)
    assert (await desk.get(f"/cases/{case_id}/attachments")).json() == []
    unnamed = await desk.get(f"/cases/{case_id}/attachments/{left.id}")
    assert unnamed.status_code == 404
    answered = await desk.attach(case_id, "identity", PDF)
    assert answered.json()["attachment_id"] == left.id


async def test_newer_file_replaces_one_that_is_kept(desk: Desk) -> None:
    case_id = await desk.applied()
    old = (await desk.attach(case_id, "identity", PDF)).json()["attachment_id"]
    new = PDF + b"\n"
    answered = await desk.attach(case_id, "identity", new, query=f"?replaces={old}")
    assert answered.status_code == 200, answered.text
    listed = (await desk.get(f"/cases/{case_id}/attachments")).json()
    assert [file["replaced_by"] for file in listed] == [answered.json()["attachment_id"], None]
    assert (await desk.get(f"/cases/{case_id}/attachments/{old}")).content == PDF
    twice = await desk.attach(case_id, "identity", PDF, query=f"?replaces={old}")
    problem(twice, 422, "no-such-attachment", "query.replaces")


@pytest.mark.parametrize(
    ("content", "media_type", "headers", "code", "field"),
    [
        (b"", "application/pdf", {}, "attachment-empty", "body"),
        (PDF, "text/html", {}, "attachment-type-not-allowed", "Content-Type"),
        (PDF, "image/png", {}, "attachment-type-differs", "Content-Type"),
        (PDF, "application/pdf", {"Content-Digest": digest_of(b"x")},
         "content-digest-differs", "Content-Digest"),
        (PDF, "application/pdf", {"Content-Digest": "md5"},
         "invalid-content-digest", "Content-Digest"),
        (PDF, "application/pdf", {"Content-Disposition": f'attachment; filename="{"я" * 201}"'},
         "invalid-filename", "Content-Disposition"),
    ],
)  # fmt: skip
async def test_file_that_breaks_a_rule_is_refused_and_nothing_is_kept(
    desk: Desk,
    applied: str,
    content: bytes,
    media_type: str,
    headers: dict[str, str],
    code: str,
    field: str,
) -> None:
    before, kept = await desk.stored(), files(desk)
    encoded: Any = {name: value.encode() for name, value in headers.items()}
    answered = await desk.attach(applied, "identity", content, media_type, **encoded)
    problem(answered, 422, code, field)
    assert await desk.stored() == before
    assert files(desk) == kept


def files(desk: Desk) -> set[str]:
    folder = Path(desk.stack.folder) / "attachments"
    return {path.name for path in folder.rglob("*") if path.is_file()}


async def test_file_over_20_mb_is_refused_while_others_keep_their_megabyte(
    desk: Desk, applied: str
) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(MAX_ATTACHMENT_BYTES // 65536 + 2):
            yield b"%PDF" + bytes(65532)

    kept = files(desk)
    too_large: Any = endless()
    problem(await desk.attach(applied, "identity", too_large), 413, "body-too-large")
    assert files(desk) == kept
    document: Any = {"documents": [{"code": "identity", "number": "1" * 1_100_000}]}
    answered = await desk.post(f"/cases/{applied}/documents", document, version=1)
    problem(answered, 413, "body-too-large")


async def test_file_of_several_megabytes_is_taken(desk: Desk) -> None:
    case_id = await desk.applied()
    content = PDF + bytes(5 * 1024 * 1024)
    answered = await desk.attach(case_id, "identity", content)
    assert answered.status_code == 200, answered.text
    path = f"/cases/{case_id}/attachments/{answered.json()['attachment_id']}"
    assert (await desk.get(path)).content == content


async def test_stale_version_is_refused_where_one_is_named(desk: Desk) -> None:
    case_id = await desk.applied()
    problem(await desk.attach(case_id, "identity", PDF, version=1), 412, "stale-version")
    version = await desk.version(case_id)
    answered = await desk.attach(case_id, "identity", PDF, version=version)
    assert answered.status_code == 200


async def test_file_of_what_another_body_has_is_not_taken_r_2_6_1(desk: Desk, applied: str) -> None:
    answered = await desk.attach(applied, "pension_certificate", PDF)
    assert problem(answered, 409, "document-not-to-be-asked")["clause"] == "R 2.6.1, 5.2"


async def test_content_that_was_lost_is_said_to_be_gone(desk: Desk, stack: Stack) -> None:
    case_id = await desk.applied()
    attachment_id = (await desk.attach(case_id, "identity", PDF)).json()["attachment_id"]
    (lost,) = (stack.folder / "attachments").rglob(attachment_id)
    lost.unlink()
    found = await desk.get(f"/cases/{case_id}/attachments/{attachment_id}")
    problem(found, 410, "content-missing")


async def test_package_says_what_is_needed_of_whom_and_what_is_there_r_2_6(desk: Desk) -> None:
    case_id = await desk.applied()
    attached = (await desk.attach(case_id, "identity", PDF)).json()["attachment_id"]
    seen = {"presented": "original", "copy_made": True, "copy_certified": True}
    await desk.act(case_id, "documents/identity/verification", seen)
    package = (await desk.get(f"/cases/{case_id}/documents")).json()
    documents = {document["code"]: document for document in package["documents"]}
    identity = documents["identity"]
    assert identity["standing"] == "present"
    assert [file["id"] for file in identity["attachments"]] == [attached]
    assert identity["verification"]["copy_certified"] is True
    pension = documents["pension_certificate"]
    assert (pension["source"], pension["may_be_asked_of_citizen"]) == ("interagency", False)
    assert pension["clause"] == "R 2.6, 2.6.1, 3.3.9 в"
    assert documents["benefits_proof"]["standing"] == "not_needed"
    assert package["missing"] == ["pension_certificate", "information_sheet"]
    assert package["complete"] is False


async def test_list_to_bring_never_names_what_another_body_has_r_2_6_1(desk: Desk) -> None:
    """Before anything was handed in, and so when the list is longest."""
    case_id = str((await desk.register())["case_id"])
    asked = (await desk.get(f"/cases/{case_id}/bring-list")).json()["documents"]
    codes = {document["code"] for document in asked}
    assert {"identity", "medical_certificate"} <= codes
    assert not {"pension_certificate", "information_sheet"} & codes
    page = await desk.get(f"/cases/{case_id}/bring-list.html")
    assert "Медицинская справка" in page.text
    assert "размере пенсии" not in page.text


async def test_receipt_is_given_for_what_was_handed_in_r_3_3_9(desk: Desk) -> None:
    case_id = await desk.applied()
    receipt = (await desk.get(f"/cases/{case_id}/receipts/1")).json()
    assert [document["code"] for document in receipt["documents"]] == [
        "application",
        "identity",
        "family_composition",
        "medical_certificate",
    ]
    page = await desk.get(f"/cases/{case_id}/receipts/1/receipt.html")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    for text in ("Расписка № 1", "3210 445566", receipt["case_number"], receipt["taken_by"]):
        assert text in page.text
    for missing in ("2", "0", "x"):
        problem(await desk.get(f"/cases/{case_id}/receipts/{missing}"), 404, "not-found")


async def test_names_are_escaped_on_paper(desk: Desk) -> None:
    citizen = new_citizen() | {"name": {"family": "<b>Ёж", "given": "Анна"}}
    case_id = str((await desk.register(new_referral(citizen=citizen)))["case_id"])
    await desk.act(case_id, "answers", answers_of())
    triage = {"code": "initial_assessment", "reason": "так решено"}
    await desk.act(case_id, "triage", triage, "urgent_head")
    await desk.consent(case_id)
    await desk.act(case_id, "application", {"documents": []})
    page = await desk.get(f"/cases/{case_id}/receipts/1/receipt.html")
    assert "&lt;b&gt;Ёж" in page.text
    assert "<b>" not in page.text


async def test_other_institution_neither_attaches_nor_reads(desk: Desk) -> None:
    case_id = await desk.applied()
    kept = files(desk)
    foreign = await desk.attach(case_id, "identity", PDF, org=OTHER_INSTITUTION)
    problem(foreign, 404, "not-found")
    assert files(desk) == kept  # nothing was received


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (None, None),
        ("attachment", None),
        ('attachment; filename="scan 1.pdf"', "scan 1.pdf"),
        ("attachment; filename*=UTF-8''%D1%81.pdf", "с.pdf"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ('attachment; filename="C:\\\\Docs\\\\a.pdf"', "a.pdf"),
    ],
)
def test_file_name_is_read_without_its_path(header: str | None, name: str | None) -> None:
    assert filename_of(header) == name


@pytest.mark.parametrize(
    "header",
    [
        "attachment; filename*=utf-8''a; filename*0=b",
        "attachment; filename*=undefined''%D1",
        "attachment; filename*=\0''%D1",
        "attachment; filename=",
    ],
)
def test_file_name_that_cannot_be_read_is_refused(header: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        filename_of(header)
    assert (refused.value.code, refused.value.field) == ("invalid-filename", "Content-Disposition")
