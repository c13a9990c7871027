"""Keyed hashes by which a person is recognised without their data standing in an index."""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata

from contracts import status_code
from contracts.values import CitizenCard
from services.intake.domain.likeness import sound_keys

STATUS_CODE_DIGITS = 10


class Identity:
    """Makes the keys; the secret is not in the database."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def snils_key(self, card: CitizenCard) -> str | None:
        """Recognises a person by SNILS; None where there is none."""
        return self._key(f"snils:{card.snils}") if card.snils else None

    def person_key(self, card: CitizenCard) -> str | None:
        """Recognises a person by name, birth date and address; None where one is unknown."""
        if card.name is None or card.birth_date is None or card.address is None:
            return None
        name = (card.name.family, card.name.given, card.name.patronymic or "")
        words = [*map(_plain, name), card.birth_date.isoformat(), _plain(card.address.text)]
        return self._key("person:" + "|".join(words))

    def sound_keys(self, card: CitizenCard) -> dict[str, str]:
        """What a card is found by however it is spelt (`domain/likeness.py`), as keyed hashes."""
        return {kind: self.hashed(kind, said) for kind, said in sound_keys(card).items()}

    def hashed(self, kind: str, said: str) -> str:
        """The keyed hash of what somebody is found by: a sound key, a name, a phone.

        `kind` keeps keys of one kind from being taken for those of another.
        """
        return self._key(f"{kind}:{said}")

    def status_code(self, entry_id: str, issue: int = 0) -> str:
        """The secret code by which a citizen asks where the case stands; the same one until the
        institution issues another (`issue` counts these)."""
        salt = f"status:{entry_id}" + (f":{issue}" if issue else "")
        digest = hmac.new(self._secret, salt.encode(), hashlib.sha256).digest()
        return f"{int.from_bytes(digest[:8]) % 10**STATUS_CODE_DIGITS:0{STATUS_CODE_DIGITS}d}"

    def code_hash(self, entry_id: str, issue: int, case_number: str) -> str:
        """What may be known of such a code, as the code of the case of this number."""
        return status_code.hashed(self.status_code(entry_id, issue), case_number)

    def _key(self, text: str) -> str:
        return "k" + hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()


def _plain(text: str) -> str:
    """A spelling that small differences of typing do not change."""
    composed = unicodedata.normalize("NFKC", text).lower().replace("ё", "е")
    return re.sub(r"[^0-9a-zа-я]+", "", composed)
