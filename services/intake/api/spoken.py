"""A citizen's card as it is dictated: its telephone may be said in any usual way."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from contracts.values import CitizenCard, Line, is_phone
from services.intake.domain.phones import phones_in


def _dialled(phone: str) -> str:
    if not is_phone(phone):
        raise ValueError("a telephone number has its area code, e.g. 8 (384-56) 5-34-21")
    return phone


class SpokenCard(CitizenCard):
    """What identifies and reaches one citizen. What was said stands beside what is dialled."""

    phone: Annotated[Line, AfterValidator(_dialled)] | None = Field(
        default=None,
        description="E.164, or as it was said: «8 (384-56) 5-34-21 доб. 3»; may name several",
        examples=["+73845600001"],
    )

    @model_validator(mode="before")
    @classmethod
    def _phones_as_said(cls, data: Any) -> Any:
        said = data.get("phone") if isinstance(data, dict) else None
        if not isinstance(said, str) or is_phone(said):
            return data
        if data.get("phones"):
            raise ValueError("phone: beside `phones` it is one of their numbers, in E.164")
        found = phones_in(said)
        if not found:
            return data  # refused where it stands
        return {**data, "phone": found[0].number, "phones": found}

    def card(self) -> CitizenCard:
        """The card as it is kept."""
        return CitizenCard.model_validate(
            {name: getattr(self, name) for name in CitizenCard.model_fields}
        )
