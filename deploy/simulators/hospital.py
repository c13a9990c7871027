"""A stand-in for a hospital that follows its referrals: takes signed notices of their state.

It believes nothing unsigned or stale, takes every notice for once however often it comes, and
sometimes is out of order at first. A notice that was overtaken by a later one changes nothing.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated

from fastapi import FastAPI, Path, Request, Response
from pydantic import AwareDatetime, BaseModel, Field, ValidationError
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from chassis import problems
from contracts.errors import NotFound, Refusal
from contracts.values import Line
from deploy.simulators import health
from deploy.simulators.chance import Chance
from deploy.simulators.settings import HospitalSettings

STATUS_CHANGED = "task.status-changed"


class NotBelieved(Refusal):
    """The signature or the timestamp does not hold."""

    status = 401


class NotTaken(Refusal):
    """The hospital is out of order for a moment."""

    status = 503


class NotUnderstood(Refusal):
    """Well signed, but not of the shape agreed on."""

    status = 422


class TaskStatus(BaseModel):
    """Which task is in which state."""

    task: str = Field(pattern=r"^Task/[A-Za-z0-9_.-]{1,100}$")
    status: Line


class Notice(BaseModel):
    """A notice as intake sends it."""

    type: str = Field(pattern=f"^{STATUS_CHANGED}$")
    timestamp: AwareDatetime
    data: TaskStatus


class Task(BaseModel):
    """A referral as the hospital knows it: its present state, and those heard of, as they came."""

    id: str
    status: str
    since: AwareDatetime
    heard: list[str]


@dataclass(slots=True)
class Figures:
    """What the hospital has heard so far."""

    received: int = 0
    replayed: int = 0
    refused: int = 0
    rejected: int = 0


class Hospital:
    """The tasks it follows."""

    def __init__(self, settings: HospitalSettings) -> None:
        self._verifier = Webhook(settings.webhook_secret.get_secret_value())
        self._chance = Chance(settings.seed)
        self._fail_share = settings.fail_share
        self._taken: set[str] = set()
        self._refused: set[str] = set()
        self.tasks: dict[str, Task] = {}
        self.figures = Figures()

    def hear(self, body: bytes, headers: dict[str, str]) -> None:
        """Take one delivery; raises NotBelieved, NotUnderstood or NotTaken."""
        self._verify(body, headers)
        notice_id = headers["webhook-id"]
        if notice_id in self._taken:
            self.figures.replayed += 1
            return
        try:
            notice = Notice.model_validate_json(body)
        except ValidationError as failure:
            self.figures.rejected += 1
            raise NotUnderstood("invalid-notice", "not a notice of a task's state") from failure
        first = notice_id not in self._refused
        if first and self._chance.hits("fail", notice_id, self._fail_share):
            self._refused.add(notice_id)
            self.figures.refused += 1
            raise NotTaken("hospital-out-of-order", "send the same notice again")
        self._taken.add(notice_id)
        self.figures.received += 1
        self._keep(notice)

    def _verify(self, body: bytes, headers: dict[str, str]) -> None:
        try:
            self._verifier.verify(body, headers, json_parse=False)
        except (WebhookVerificationError, ValueError) as failure:  # ValueError: no base64, no UTF-8
            self.figures.rejected += 1
            raise NotBelieved(
                "signature-does-not-hold", "signature or timestamp does not hold"
            ) from failure

    def _keep(self, notice: Notice) -> None:
        task_id, status = notice.data.task.removeprefix("Task/"), notice.data.status
        known = self.tasks.get(task_id)
        heard = [*(known.heard if known else []), status]
        if known is not None and notice.timestamp < known.since:
            self.tasks[task_id] = known.model_copy(update={"heard": heard})
            return
        self.tasks[task_id] = Task(id=task_id, status=status, since=notice.timestamp, heard=heard)


def create_app(settings: HospitalSettings | None = None) -> FastAPI:
    """The hospital; settings come from the environment unless given."""
    hospital = Hospital(settings or HospitalSettings())
    app = FastAPI(title="Hospital (simulator)")
    problems.install(app)  # its errors repeat nothing of what was sent
    app.include_router(health.router)

    @app.post("/webhooks", status_code=204, summary="A referral's state changed")
    async def webhooks(http: Request) -> Response:
        hospital.hear(await http.body(), dict(http.headers))
        return Response(status_code=204)

    @app.get("/tasks/{task_id}", summary="A referral as the hospital knows it")
    async def task(task_id: Annotated[str, Path(max_length=100)]) -> Task:
        known = hospital.tasks.get(task_id)
        if known is None:
            raise NotFound("task")
        return known

    @app.get("/figures", summary="What it has heard so far")
    async def figures() -> dict[str, int]:
        return asdict(hospital.figures)

    return app
