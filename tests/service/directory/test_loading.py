"""The data files are loaded once, however often, however many and however badly they start."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections import Counter
from importlib import resources
from pathlib import Path

import aio_pika
import httpx
import pytest
from aio_pika.exceptions import ChannelNotFoundEntity
from fastapi import FastAPI

from chassis import failpoints
from contracts.copies import OrganizationCopy
from contracts.directory import (
    FIRST_KINDS,
    OrganizationChanged,
    OrganizationPublished,
    OrganizationPublishedV2,
)
from services.directory.hsds_ids import hsds_id
from tests.conftest import ServerUrls
from tests.service.directory.conftest import (
    ROWS,
    app_of,
    directory_of,
    domain_writes,
    loaded,
    settled,
    stored_rows,
    write_rows,
)
from tests.service.stack import Stack, running, uncleared, until

PUBLISHED = (OrganizationPublished, OrganizationPublishedV2)
FURTHER = 10
"""Rows of kinds that version 1 of the events does not know."""
MIDDLE = 30
"""How many rows are in when the process ends."""


async def test_first_start_publishes_every_organization_once(fresh: Stack) -> None:
    app = app_of(fresh)
    async with running(app):
        directory = await settled(app)
        assert await domain_writes(directory) == ROWS
        await until(lambda: app.state.service.bus.published == ROWS)
        await until(lambda: len(fresh.spy.envelopes) == ROWS)
    told = fresh.spy.of(*PUBLISHED)
    assert Counter(envelope.subject for envelope in told) == dict.fromkeys(
        directory.appendix.rows, 1
    )
    kinds = Counter(envelope.data["card"]["kind"] for envelope in told)
    assert kinds["department"] == 3
    assert kinds["authorised_body"] == 34
    assert kinds["institution"] == 50


async def test_service_that_reads_nothing_has_no_inbox(fresh: Stack, servers: ServerUrls) -> None:
    async with (
        running(app_of(fresh)) as client,
        await aio_pika.connect(servers.amqp_url) as connection,
    ):
        assert (await client.get("/health/ready")).json()["broker"] is True
        channel = await connection.channel()
        with pytest.raises(ChannelNotFoundEntity):
            await channel.declare_queue("directory.inbox", passive=True)


async def test_second_start_publishes_nothing_and_writes_nothing(fresh: Stack) -> None:
    first = app_of(fresh)
    async with running(first):
        await settled(first)
    seen = len(fresh.spy.envelopes)
    second = app_of(fresh)
    async with running(second):
        directory = await loaded(second)
        await asyncio.sleep(0.3)
        assert directory.organizations.counts.writes == 0
        assert second.state.service.bus.published == 0
    assert len(fresh.spy.envelopes) == seen == ROWS


async def test_crash_in_the_middle_is_completed_by_the_next_start(fresh: Stack) -> None:
    first = app_of(fresh)
    saved, over = 0, asyncio.Event()

    def dying(point: str, about: str) -> None:
        """Nothing more is saved from the middle on."""
        nonlocal saved
        if point == "before-save" and about.startswith("organizations/"):
            if saved == MIDDLE:
                over.set()
                raise RuntimeError("died")
            saved += 1

    token = failpoints.watched_by.set(dying)
    async with first.router.lifespan_context(first):
        await over.wait()
    failpoints.watched_by.reset(token)
    assert not directory_of(first).snapshot.complete
    assert saved == MIDDLE < ROWS

    second = app_of(fresh)
    async with running(second):
        directory = await settled(second)
        documents = [document async for document in directory.organizations.each()]
    assert len(documents) == ROWS
    assert {(document.version, document.seq) for document in documents} == {(1, 1)}
    events = {envelope.id for envelope in fresh.spy.of(*PUBLISHED)}
    assert events == {f"directory.organization.{key}:1" for key in directory.appendix.rows}


async def test_replicas_that_start_at_once_load_once(fresh: Stack) -> None:
    apps = [app_of(fresh) for _ in range(3)]
    async with running(apps[0]), running(apps[1]), running(apps[2]):
        directories = [await loaded(app) for app in apps]
        await settled(apps[0])
        documents = [document async for document in directories[0].organizations.each()]
        assert [len(directory.snapshot) for directory in directories] == [ROWS] * 3
    assert {(document.version, document.seq) for document in documents} == {(1, 1)}
    assert len({envelope.id for envelope in fresh.spy.of(*PUBLISHED)}) == ROWS


async def test_changed_file_is_told_with_the_changed_fields(fresh: Stack, files: Path) -> None:
    first = app_of(fresh, directory_data=files)
    async with running(first):
        await settled(first)
    rows = stored_rows(files)
    changed = next(row for row in rows if row["key"] == "r-institution-15")
    changed["printed"]["phone"] = "(38456) 7-00-77"
    changed["printed"]["email"] = "novy @example.org"
    write_rows(files, rows)

    second = app_of(fresh, directory_data=files)
    async with running(second):
        with uncleared(second.state.service):
            directory = await loaded(second)
            assert directory.organizations.counts.writes == 1
        event = await fresh.spy.wait_for(OrganizationChanged, "r-institution-15")
        assert event.reason == "data file changed: phones, emails, printed_email"
        assert event.card.phones == ("+73845670077",)
        assert (event.card.emails, event.card.printed_email) == ((), "novy @example.org")
        await until(lambda: second.state.service.bus.published == 1)
        stored = await directory.organizations.get("r-institution-15")
        assert stored is not None
        assert stored.version == 2
    assert len(fresh.spy.of(OrganizationChanged)) == 1


async def test_older_files_do_not_undo_newer_ones(fresh: Stack, files: Path) -> None:
    """R 1.3: while replicas are replaced one of the version before may start again at any time."""
    newer = files.parent / "newer"
    newer.mkdir()
    rows = stored_rows(files)
    next(row for row in rows if row["key"] == "r-institution-15")["printed"]["phone"] = (
        "(38456) 7-00-77"
    )
    added = next(row for row in rows if row["key"] == "l-provider-01") | {"key": "l-provider-02"}
    write_rows(newer, [*rows, added])
    (files / "VERSION").write_text("4\n")
    (newer / "VERSION").write_text("5\n")
    for folder, writes in ((files, ROWS), (newer, 2), (files, 0), (newer, 0)):
        app = app_of(fresh, directory_data=folder)
        async with running(app):
            directory = await settled(app)
            assert await domain_writes_of(app) == writes, folder
            found = await directory.organizations.get("r-institution-15")
    assert found is not None
    assert (found.version, found.state.card.phones) == (2, ("+73845670077",))
    assert len(fresh.spy.of(OrganizationChanged)) == 1
    third = next(row for row in rows if row["key"] == "r-institution-15")
    third["printed"]["phone"] = "(38456) 7-00-78"
    write_rows(newer, [*rows, added])
    app = app_of(fresh, directory_data=newer)  # changed without a new number: the last start holds
    async with running(app):
        await fresh.spy.wait_for(OrganizationChanged, "r-institution-15", count=2)


async def domain_writes_of(app: FastAPI) -> int:
    """How many events this replica has issued: each row that is written is told once."""
    service = app.state.service
    await service.relay.drain()
    published: int = service.bus.published
    return published


async def test_new_row_is_published_and_a_row_gone_is_left_alone(fresh: Stack, files: Path) -> None:
    first = app_of(fresh, directory_data=files)
    async with running(first):
        await settled(first)
    rows = stored_rows(files)
    gone = next(row for row in rows if row["key"] == "l-provider-01")
    rows[rows.index(gone)] = gone | {"key": "l-provider-02"}
    write_rows(files, rows)

    second = app_of(fresh, directory_data=files)
    async with running(second):
        with uncleared(second.state.service):
            directory = await loaded(second)
            assert directory.organizations.counts.writes == 1
        await fresh.spy.wait_for(OrganizationPublished, "l-provider-02")
        assert await directory.organizations.get("l-provider-01") is not None


async def test_other_services_can_keep_their_copy_from_what_is_told(fresh: Stack) -> None:
    app = app_of(fresh)
    async with running(app):
        await loaded(app)
        await until(lambda: len(fresh.spy.envelopes) == ROWS)
    copies = {}
    for envelope in fresh.spy.envelopes:
        event = envelope.event()
        assert event is not None
        copies[envelope.subject] = OrganizationCopy(id=envelope.subject)
        copies[envelope.subject].keep(event)
    assert copies["example-pension-fund-office-01"].kind == "pension_fund_office"
    assert copies["l-medical-organization-01"].kind == "medical_organization"
    institution = copies["r-institution-15"].card
    assert institution is not None
    assert institution.parent == "r-authorised-body-07"


async def test_further_kinds_stay_out_while_an_older_replica_could_not_read_them(
    fresh: Stack,
) -> None:
    """Replicas are replaced with the setting off, and then it is turned on."""
    card = {"kind": "culture", "name": "Дворец культуры", "source": "Письмо № 3"}
    body = {"card": card, "reason": "Открыт"}
    careful = app_of(fresh, further_kinds=False)
    async with running(careful) as client:
        directory = await settled(careful)
        kinds = {document.state.card.kind async for document in directory.organizations.each()}
        assert kinds <= FIRST_KINDS
        headers = fresh.headers("directory_editor")
        refused = await client.post("/organizations", headers=headers, json=body)
        assert (refused.status_code, refused.json()["code"]) == (409, "kind-not-in-use")
    assert len(fresh.spy.of(OrganizationPublishedV2)) == 0
    async with running(app_of(fresh)) as client:
        await until(lambda: len(fresh.spy.of(OrganizationPublishedV2)) == FURTHER)
        headers = fresh.headers("directory_editor")
        assert (await client.post("/organizations", headers=headers, json=body)).status_code == 201


async def test_service_that_a_newer_file_changed_is_newer_to_whoever_keeps_a_copy(
    fresh: Stack, files: Path
) -> None:
    """S, as HSDS promises: what changed is found by the moment of the last look."""
    folder = files / "services"
    shutil.copytree(str(resources.files("services.directory") / "data" / "services"), folder)
    first = app_of(fresh, directory_data=files)
    async with running(first) as client:
        await loaded(first)
        before = await modified(client)

    rows = json.loads((folder / "s-services.json").read_text(encoding="utf-8"))
    assert rows[0]["given_by"] == ["s-coordination-centre-01"]
    rows[0]["fees"] = "Бесплатно"
    rows.append(rows[0] | {"code": "novelty", "name": "Новая услуга"})
    (folder / "s-services.json").write_text(json.dumps(rows), encoding="utf-8")
    second, third = (app_of(fresh, directory_data=files) for _ in range(2))
    async with running(second) as client, running(third) as other:
        directories = [await loaded(app) for app in (second, third)]
        after = await modified(client)
        changed = {
            hsds_id("service", f"s-coordination-centre-01.{code}")
            for code in (rows[0]["code"], "novelty")
        }
        assert {one for one in after if after[one] != before.get(one)} == changed
        assert all(after[one] > max(before.values()) for one in changed)
        assert await modified(other) == after
        since = {"modified_after": min(after[one] for one in changed)}
        asked = await client.get("/hsds/services", params=since)
        assert {one["id"] for one in asked.json()["contents"]} == changed
        assert sum(directory.filed_services.counts.writes for directory in directories) <= 2

    fourth = app_of(fresh, directory_data=files)
    async with running(fourth) as client:
        directory = await loaded(fourth)
        assert await modified(client) == after
        assert directory.filed_services.counts.writes == 0


async def modified(client: httpx.AsyncClient) -> dict[str, str]:
    """When every service was last modified, by its UUID."""
    listed = await client.get("/hsds/services", params={"minimal": "true"})
    return {one["id"]: one["modified_date"] for one in listed.json()["contents"]}
