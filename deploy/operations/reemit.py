"""`opora reemit`: send events again, from the register's log and from the documents themselves."""

from __future__ import annotations

from typing import Annotated

import typer

from deploy.operations.answers import Record, Resent, ResentDocuments, Streams, Summary
from deploy.operations.district import District, OperatorError
from deploy.operations.gaps import Gap
from deploy.operations.show import AsJson, Reason, as_json, console, progress

PAGE = 200


def refill_stream(district: District, gap: Gap, reason: str) -> int:
    """Send one stream to one reader again: what the log has, and what its owner remembers."""
    sent = _send_log(district, reason, stream=gap.stream, to=gap.reader)
    answer = district.do(
        gap.owner,
        "/operations/reemissions",
        Resent,
        reason,
        collection=gap.owner_collection,
        document=gap.document,
        to=gap.reader,
    )
    return sent + int(answer["events"])


def reemit(
    reason: Reason,
    to: Annotated[str | None, typer.Option(help="Only to this service, e.g. a new one.")] = None,
    stream: Annotated[str | None, typer.Option(help="Only this stream of the log.")] = None,
    as_json_: AsJson = False,
) -> None:
    """Fill a broker that lost everything, or a new reader: send all that was ever said again.

    First the register's log, in order of arrival; then the last events of every document, which
    the register may not have had. Whoever has an event already drops it.
    """
    district = District()
    if to is not None:
        district.chosen(to)
    if stream is not None and district.find("registry", f"/streams/{stream}", Record) is None:
        raise OperatorError(f"The register's log has nothing of {stream}.")
    sent = _send_log(district, reason, stream=stream, to=to)
    kept = 0 if stream is not None else _send_documents(district, reason, to)
    if as_json_:
        as_json({"from_the_log": sent, "from_documents": kept, "to": to, "stream": stream})
    else:
        console.print(f"Sent {sent} events of the log and {kept} that documents remembered.")


def _send_log(district: District, reason: str, *, stream: str | None, to: str | None) -> int:
    sent, after = 0, None
    with progress() as shown:
        task = shown.add_task("events of the log", total=_total(district, stream))
        while True:
            page = district.do(
                "registry",
                "/reemissions",
                Resent,
                reason,
                after=after,
                limit=PAGE,
                stream=stream,
                to=to,
            )
            sent += int(page["events"])
            shown.advance(task, page["events"])
            after = page["next"]
            if after is None:
                return sent


def _total(district: District, stream: str | None) -> int | None:
    """How many events there are, as far as the register's records tell."""
    return (
        None if stream is not None else int(district.get("registry", "/summary", Summary)["events"])
    )


def _send_documents(district: District, reason: str, to: str | None) -> int:
    sent = 0
    with progress() as shown:
        for service in district.services:
            speaks = district.get(service, "/operations/streams", Streams)["speaks"]
            for collection in speaks:
                task = shown.add_task(f"documents of {service}/{collection}", total=None)
                after = ""
                while after is not None:
                    page = district.do(
                        service,
                        "/operations/reemissions",
                        ResentDocuments,
                        reason,
                        collection=collection,
                        after=after,
                        limit=PAGE,
                        to=to,
                    )
                    sent += page["events"]
                    shown.advance(task, page["documents"])
                    after = page["next"]
    return sent
