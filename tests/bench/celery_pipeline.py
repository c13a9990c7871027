"""The Celery contender: one task per stage, with every durable setting that Celery has.

Late acknowledgement, rejection when a worker is lost, quorum queues, persistent messages, publisher
confirms, and the same find and journaled write as the others. One process per stage, as for all;
its pool of threads has as many as the others may have events in hand.
"""

from __future__ import annotations

import os
import socket
from typing import Any

from celery import Celery, signals
from kombu import Exchange, Queue
from pymongo import MongoClient, WriteConcern

from tests.bench.cases import PREFETCH, STAGES, Place, advanced, database_of
from tests.bench.ledger import Ledger

CONTENDER = "celery"
NAMES = (*STAGES, "done")


def queue(name: str) -> Queue:
    return Queue(
        name,
        Exchange("", type="direct"),
        routing_key=name,
        durable=True,
        queue_arguments={"x-queue-type": "quorum"},
    )


app = Celery(CONTENDER, broker=os.environ.get("OPORA_AMQP_URL", ""))
app.conf.update(
    task_queues=[queue(f"{CONTENDER}.{name}") for name in NAMES],
    task_create_missing_queues=False,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_acks_on_failure_or_timeout=False,
    task_default_delivery_mode="persistent",
    task_ignore_result=True,
    task_serializer="json",
    broker_transport_options={"confirm_publish": True},
    broker_pool_limit=PREFETCH,
    broker_connection_retry_on_startup=True,
    worker_prefetch_multiplier=1,
    worker_detect_quorum_queues=True,
    worker_enable_remote_control=False,
    worker_hijack_root_logger=False,
)

_held: list[socket.socket] = []


@signals.worker_ready.connect
def _say_ready(**_: Any) -> None:
    _held.append(socket.create_server(("127.0.0.1", Place.here().port)))


def _documents(place: Place) -> Any:
    client: MongoClient[dict[str, Any]] = MongoClient(
        place.mongo_url, event_listeners=[Ledger(place.ledger)]
    )
    durable = WriteConcern(w="majority", j=True)
    return client.get_database(database_of(CONTENDER, place.stage), write_concern=durable)["cases"]


_place = Place.here() if os.environ.get("BENCH_CONTENDER") == CONTENDER else None
_cases = _documents(_place) if _place else None


@app.task(name="bench.stage")
def stage(**event: Any) -> None:
    """One step: the same as the floor's."""
    if _place is None or _cases is None:
        raise RuntimeError("not a process of this contender")
    found = _cases.find_one({"_id": event["case"]})
    changed = advanced(found, event)
    if changed is not None:
        if found is None:
            _cases.insert_one(changed)
        else:
            key = {"_id": found["_id"], "rev": found["rev"]}
            if _cases.replace_one(key, changed).matched_count == 0:
                raise RuntimeError(f"lost race on {found['_id']}")
    app.send_task("bench.stage", kwargs=event, queue=_place.onward)
