"""People whose cases go their ways while they are recorded, and those who see them through."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from deploy.demo import journey
from deploy.demo.office import Office
from deploy.demo.people import Person, invent
from deploy.demo.staff import Staff
from deploy.runner.system import PENSION_FUND_OFFICE
from tests.fault.recording import Town
from tests.service.intake.bodies import CERTIFICATE
from tests.service.stack import until


@dataclass(slots=True)
class Travellers:
    """People, and those who see them through."""

    town: Town
    staff: Staff
    run: str
    numbers: Iterator[int]

    def person(self, *, alone: bool = False) -> Person:
        """Somebody nobody has heard of; who lives alone needs urgent measures."""
        return next(person for n in self.numbers if (person := invent(n)).lives_alone is alone)

    def desk(self, role: str, organization: str) -> Office:
        """Somebody else's desk."""
        return Office(self.town.wire, self.town.stack.token(role, organization))

    async def rest(self, *ids: str) -> None:
        """Wait until none of these has anything to do: what comes next is then all there is."""
        sweeper = self.town.apps["intake"].state.service.sweeper

        def resting() -> bool:
            sweeper.nudge()
            return self.town.recording.at_rest(*ids)

        await until(resting, seconds=60, every=0.2)

    async def sent(self, case: journey.Case) -> Any:
        """Wait until the case's request was sent to the Pension Fund; the case as it is then."""
        return await self.staff.registrar.wait(
            "intake",
            case.record,
            lambda found: bool(found["request"]) and found["request"]["state"] == "sent",
        )

    async def answered(self, case: journey.Case) -> None:
        """The Pension Fund answers the case's request."""
        found = await self.sent(case)
        fund = self.desk("pension_fund", PENSION_FUND_OFFICE)
        path = f"/interagency-requests/{found['request']['id']}/answer"
        await fund.create("intake", path, CERTIFICATE)
