"""What every service knows of a case: the reference that travels in its opening events."""

from contracts.values import Identifier, Line, Value


class CaseRef(Value):
    """One citizen's case (дело): its ids, who serves it, and the law it was begun under."""

    case_id: Identifier
    citizen_id: Identifier
    number: Line  # the first journal's, for ever, though the referral is forwarded
    institution: Identifier  # who has it; before it is forwarded the body that took it in (R 3.1.2)
    authorised_body: Identifier
    pack: Identifier

    def is_served_by(self, organization: str | None) -> bool:
        """Whether this is the case's institution or its authorised body."""
        return organization in {self.institution, self.authorised_body}
