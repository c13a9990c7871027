"""Stages, roles and waiting in plain words, Russian first: what a citizen reads and is told."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from contracts.assessment import Proposal
from contracts.roles import Role
from contracts.triage import TriageCode
from services.registry.domain.stages import Stage


class Words(NamedTuple):
    """The same in both languages."""

    ru: str
    en: str


class StageWords(NamedTuple):
    """What a stage is called, what happens next, and whose turn it is."""

    title: Words
    next: Words
    turn: Role | None = None


STAGES: dict[Stage, StageWords] = {
    Stage.AWAITED: StageWords(
        Words("Обращение поступает", "The request is arriving"),
        Words(
            "Сведения об обращении ещё передаются. Спросите немного позже.",
            "Details of the request are still on their way. Please ask a little later.",
        ),
        Role.REGISTRAR,
    ),
    Stage.FORWARDING: StageWords(
        Words("Обращение передаётся в учреждение", "The request is being passed on"),
        Words(
            "Обращение передадут в учреждение, которое обслуживает ваш адрес.",
            "The request will be passed on to the institution that serves your address.",
        ),
        Role.REGISTRAR,
    ),
    Stage.REGISTERED: StageWords(
        Words("Обращение принято", "The request has been taken"),
        Words(
            "Учреждение изучит обращение и решит, какая помощь нужна.",
            "The institution will look into the request and settle what help is needed.",
        ),
        Role.URGENT_HEAD,
    ),
    Stage.TRIAGED: StageWords(
        Words("Обращение рассмотрено", "The request has been looked into"),
        Words(
            "Специалист договорится с вами о дне и часе первого визита.",
            "A specialist will agree with you on the day and hour of the first visit.",
        ),
        Role.SPECIALIST,
    ),
    Stage.SURVEY: StageWords(
        Words("Идёт первое обследование", "The first visit is under way"),
        Words(
            "Специалист посетит вас дома или в больнице и расспросит, какая помощь нужна."
            " О визите сообщат заранее.",
            "A specialist will visit you at home or in hospital and ask what help is needed."
            " You will be told of the visit beforehand.",
        ),
        Role.SPECIALIST,
    ),
    Stage.COMMISSION: StageWords(
        Words("Комиссия оценивает, какой уход нужен", "A commission is assessing the need of care"),
        Words(
            "Комиссия встретится с вами и составит акт. Вы его прочтёте и подпишете.",
            "The commission will meet you and draw up an act, for you to read and to sign.",
        ),
        Role.CARE_ORGANIZER,
    ),
    Stage.ASSESSED: StageWords(
        Words("Комиссия закончила оценку", "The commission has finished its assessment"),
        Words(
            "Организатор ухода составит вместе с вами план ухода.",
            "Your care organizer will draw up a care plan together with you.",
        ),
        Role.CARE_ORGANIZER,
    ),
    Stage.PLANNING: StageWords(
        Words("Составляется план ухода", "The care plan is being drawn up"),
        Words(
            "Организатор ухода согласует план с вами и с теми, кто будет помогать.",
            "Your care organizer will agree the plan with you and with those who will help.",
        ),
        Role.CARE_ORGANIZER,
    ),
    Stage.DECISION: StageWords(
        Words("Документы на решении", "The papers are before the deciding head"),
        Words(
            "Руководитель уполномоченного органа примет решение, и вам о нём сообщат.",
            "The head of the authorised body will decide, and you will be told.",
        ),
        Role.AUTHORISED_BODY_HEAD,
    ),
    Stage.CONTRACT: StageWords(
        Words("Решение принято: помощь будет", "It is decided: you will receive care"),
        Words(
            "С вами заключат договор, и директор издаст приказ о зачислении.",
            "A contract will be made with you, and the director will issue the enrolment order.",
        ),
        Role.INSTITUTION_DIRECTOR,
    ),
    Stage.ENROLLED: StageWords(
        Words("Вы зачислены на обслуживание", "You have been enrolled for care"),
        Words(
            "Помощь оказывают по плану ухода. План можно изменить, если состояние изменится.",
            "Care is given by the care plan. The plan can be changed if your state changes.",
        ),
    ),
    Stage.REFUSED: StageWords(
        Words("В зачислении отказано", "Enrolment has been refused"),
        Words(
            "Вам направлено письмо с причинами отказа. Отказ можно обжаловать.",
            "A letter with the reasons has been sent to you. You may complain of the refusal.",
        ),
    ),
    Stage.DECLINED: StageWords(
        Words("Вы отказались от услуг", "You have declined the services"),
        Words(
            "Дело можно возобновить: обратитесь в учреждение в любое время.",
            "The case can be taken up again: turn to the institution at any time.",
        ),
    ),
    Stage.CLOSED: StageWords(
        Words("Дело закрыто", "The case is closed"),
        Words(
            "Если помощь снова понадобится, обратитесь в учреждение.",
            "If you need help again, turn to the institution.",
        ),
    ),
}

CONSULTATION = StageWords(
    Words("Обращение рассмотрено", "The request has been looked into"),
    Words("Специалист даст вам консультацию.", "A specialist will advise you."),
    Role.SPECIALIST,
)


REFUSAL_PROPOSED = StageWords(
    Words("Комиссия закончила оценку", "The commission has finished its assessment"),
    Words(
        "Документы передадут руководителю уполномоченного органа, он примет решение.",
        "The papers will go to the head of the authorised body, who will decide.",
    ),
    Role.CARE_ORGANIZER,
)


def words_of(stage: Stage, code: str | None = None, proposal: str | None = None) -> StageWords:
    """Plain words of a stage. Who only asked for advice gets advice next (R 3.1.6 б); where the
    commission proposed to refuse there is no plan to speak of (R 3.4.8)."""
    if stage is Stage.TRIAGED and code == TriageCode.CONSULTATION:
        return CONSULTATION
    if stage in {Stage.ASSESSED, Stage.PLANNING} and proposal == Proposal.REFUSAL:
        return REFUSAL_PROPOSED
    return STAGES[stage]


ROLES: dict[str, Words] = {
    Role.REGISTRAR: Words("регистратор", "registrar"),
    Role.CALL_CENTRE: Words("оператор кол-центра", "call centre operator"),
    Role.URGENT_HEAD: Words(
        "заведующий отделением срочного обслуживания", "head of urgent services"
    ),
    Role.SPECIALIST: Words("специалист по социальной работе", "social work specialist"),
    Role.CARE_ORGANIZER: Words("организатор ухода", "care organizer"),
    Role.COMMISSION_CHAIR: Words("председатель комиссии", "chair of the commission"),
    Role.HEALTH_WORKER: Words("медицинский работник", "health worker"),
    Role.PSYCHOLOGIST: Words("психолог", "psychologist"),
    Role.COMMISSION_MEMBER: Words("член комиссии", "member of the commission"),
    Role.AUTHORISED_BODY_HEAD: Words(
        "руководитель уполномоченного органа", "head of the authorised body"
    ),
    Role.INSTITUTION_DIRECTOR: Words("директор учреждения", "director of the institution"),
    Role.COMPLAINT_OFFICER: Words("должностное лицо по жалобам", "complaint officer"),
    Role.MEDICAL_ORGANIZATION: Words("медицинская организация", "medical organization"),
    Role.PENSION_FUND: Words("Пенсионный фонд", "Pension Fund"),
    Role.AGENCY: Words("Другой орган", "Another body"),
    Role.PROVIDER: Words("поставщик услуг", "provider"),
    Role.REGISTRY_READER: Words("читатель регистра", "reader of the register"),
    Role.DIRECTORY_EDITOR: Words("редактор справочника", "directory editor"),
    Role.OPERATOR: Words("оператор системы", "operator"),
    "citizen": Words("гражданин", "the citizen"),
    "system": Words("система", "the system"),
    "unknown": Words("не указано", "not stated"),
}


def role_words(role: str) -> Words:
    """A role in words; one not known here by its code."""
    return ROLES.get(role, Words(role, role))


def span_words(span: timedelta) -> Words:
    """A length of time as a person says it: days and hours, or hours and minutes."""
    minutes = max(1, int(span.total_seconds() // 60))
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        ru, en = [f"{days} дн."], [f"{days} d"]
        more = (hours, "ч", "h")
    else:
        ru, en = ([f"{hours} ч"], [f"{hours} h"]) if hours else ([], [])
        more = (rest, "мин", "min")
    if more[0]:
        ru.append(f"{more[0]} {more[1]}")
        en.append(f"{more[0]} {more[2]}")
    return Words(" ".join(ru), " ".join(en))


MONTHS = (
    Words("января", "January"),
    Words("февраля", "February"),
    Words("марта", "March"),
    Words("апреля", "April"),
    Words("мая", "May"),
    Words("июня", "June"),
    Words("июля", "July"),
    Words("августа", "August"),
    Words("сентября", "September"),
    Words("октября", "October"),
    Words("ноября", "November"),
    Words("декабря", "December"),
)
DAYS = (
    Words("понедельник", "Monday"),
    Words("вторник", "Tuesday"),
    Words("среда", "Wednesday"),
    Words("четверг", "Thursday"),
    Words("пятница", "Friday"),
    Words("суббота", "Saturday"),
    Words("воскресенье", "Sunday"),
)


def moment_words(local: datetime) -> Words:
    """A moment as a person says it, e.g. `понедельник, 2 марта, 10:20`."""
    day, month = DAYS[local.weekday()], MONTHS[local.month - 1]
    return Words(
        f"{day.ru}, {local.day} {month.ru}, {local:%H:%M}",
        f"{day.en}, {local.day} {month.en}, {local:%H:%M}",
    )
