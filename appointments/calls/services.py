"""Opening and ending calls, and keeping what is done in between."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, QuerySet

from appointments.calls.models import Call, CallAct
from appointments.ending_holds import end_holds
from appointments.models import Hold
from mybcat import audit
from mybcat.errors import DomainError, UnknownId
from mybcat.ids import internal_id
from mybcat.principal import Permission, Principal
from mybcat.tenancy import platform_scope

HELD = "hold.placed"
# After this nobody rings back about a call; its figures stay.
NUMBERS_KEPT = timedelta(days=90)


class CallEnded(DomainError):
    code = "call_ended"
    status = 409
    sentence = "This call has ended"


class NotTheAgent(DomainError):
    code = "not_the_agent"
    status = 409
    sentence = "Another member has this call; a manager can end it"


def open_call(*, caller_number: str, by: Principal, now: datetime) -> Call:
    """A call of the member's own; `caller_number` in E.164, or empty where it was withheld."""
    call = Call(agent_id=by.id, caller_number=caller_number, opened_at=now)
    call.save()
    return call


def end_call(*, call_id: UUID, outcome: str, reason: str, by: Principal, now: datetime) -> Call:
    """How it ended; what was held during it and not booked is released.

    Its agent ends it, or a manager. Raises UnknownId, NotTheAgent, CallEnded.
    """
    call = Call.objects.select_for_update(no_key=True).filter(id=call_id).first()
    if call is None:
        raise UnknownId(prefix="call", value=call_id)
    if call.agent_id != by.id and not by.may(Permission.PRACTICE_MANAGE):
        raise NotTheAgent
    if call.ended_at is not None:
        raise CallEnded
    call.ended_at, call.outcome, call.reason = now, outcome, reason
    call.save(update_fields=("ended_at", "outcome", "reason"))
    held = call.acts.filter(act=HELD).values_list("object_id", flat=True)
    live = Hold.objects.filter(id__in=[internal_id("hold", each) for each in held], holder_id=call.agent_id)
    end_holds(set(live.values_list("id", flat=True)), now=now)
    return call


def keep_act(*, call_id: UUID, act: str, object_id: str, by: Principal, now: datetime) -> None:
    """That a request did `act` during the call, in that request's transaction. Raises UnknownId, NotTheAgent.

    Also after its end: what is still to be done for a caller is often done a minute later. But for a hold, which its
    end would have released: that raises CallEnded.
    """
    # Whoever ends it meanwhile waits, and then finds what is kept here.
    call = Call.objects.select_for_update(no_key=True).filter(id=call_id).first()
    if call is None:
        raise UnknownId(prefix="call", value=call_id)
    if call.agent_id != by.id:
        raise NotTheAgent
    if act == HELD and call.ended_at is not None:
        raise CallEnded
    CallAct(call=call, at=now, act=act, object_id=object_id).save()


def get_call(*, call_id: UUID, by: Principal, now: datetime) -> Call:
    """The member's own call, a manager's any; on record, as it tells who rang. Raises UnknownId."""
    call = visible_calls(by=by).filter(id=call_id).first()
    if call is None:
        raise UnknownId(prefix="call", value=call_id)
    audit.record(principal=by, action="call.read", object_kind="call", object_ids=[call.id], now=now)
    return call


def visible_calls(*, by: Principal) -> QuerySet[Call]:
    """The member's own calls; managers see the practice's."""
    rows: QuerySet[Call] = Call.objects.all()
    return rows if by.may(Permission.PRACTICE_MANAGE) else rows.filter(agent_id=by.id)


def count_outcomes(*, since: datetime, until: datetime) -> list[dict[str, Any]]:
    """How calls opened in `[since, until)` ended: how many by agent, outcome and reason. Open ones have no outcome."""
    rows = Call.objects.filter(opened_at__gte=since, opened_at__lt=until)
    grouped = rows.values("agent_id", "outcome", "reason").annotate(count=Count("id"))
    return list(grouped.order_by("agent_id", "outcome", "reason"))


def forget_numbers(*, now: datetime) -> int:
    """Remove the numbers of calls that are older than NUMBERS_KEPT; how many."""
    with platform_scope(reason="forget callers' numbers"):
        old = Call.objects.filter(opened_at__lt=now - NUMBERS_KEPT).exclude(caller_number="")
        return int(old.update(caller_number=""))
