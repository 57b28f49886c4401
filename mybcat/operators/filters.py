"""Filters that are small forms: their values are too many for a list of links."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import QuerySet
from django.http import HttpRequest

from mybcat.ids import earliest_uuid
from mybcat.operators import identifiers
from mybcat.operators.fields import PracticeField


class FormFilter(admin.ListFilter):
    """Shows a form beside the list and keeps the other filters' parameters."""

    template = "operators/form_filter.html"
    parameters: ClassVar[tuple[str, ...]]
    form: ClassVar[type[forms.Form]]

    def __init__(self, request: HttpRequest, params: dict[str, list[str]], model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        given = {name: params.pop(name)[-1] for name in self.parameters if name in params}
        self.used_parameters.update({name: value for name, value in given.items() if value})

    def expected_parameters(self) -> list[str | None]:
        return list(self.parameters)

    def has_output(self) -> bool:
        return True

    def choices(self, changelist: Any) -> Iterator[dict[str, Any]]:
        """One entry: the form, what it must carry along, and the address that clears it."""
        kept = changelist.get_filters_params() | ({"q": [changelist.query]} if changelist.query else {})
        others = [(name, value) for name, values in kept.items() for value in values if name not in self.parameters]
        yield {
            "form": self.form(initial=self.used_parameters, auto_id=f"filter_{self.parameters[0]}_%s"),
            "kept": others,
            "active": bool(self.used_parameters),
            "clear": changelist.get_query_string(remove=list(self.parameters)),
        }


class _OnePractice(forms.Form):
    practice = PracticeField(required=False)


class PracticeFilter(FormFilter):
    """Rows of one practice; finds it by name or id."""

    title = "practice"
    parameters = ("practice",)
    form = _OnePractice

    def __init__(self, request: HttpRequest, params: dict[str, list[str]], model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        if self.used_parameters:
            found = identifiers.understood(str(self.used_parameters["practice"]))
            if found is None:
                raise IncorrectLookupParameters
            self.used_parameters["practice"] = str(found[1])

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(practice_id=self.used_parameters["practice"]) if self.used_parameters else queryset


def _days(first: str, last: str) -> type[forms.Form]:
    return type("Days", (forms.Form,), {first: _day_field("First day"), last: _day_field("Last day")})


def _day_field(label: str) -> forms.DateField:
    return forms.DateField(required=False, label=label, widget=forms.DateInput(attrs={"type": "date"}))


class DaysFilter(FormFilter):
    """Rows of some days, both included, each from midnight to midnight UTC."""

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        first, last = (self._day(name) for name in self.parameters)
        if first:
            queryset = self.since(queryset, _midnight(first))
        if last:
            queryset = self.before(queryset, _midnight(last + timedelta(days=1)))
        return queryset

    def since(self, queryset: QuerySet, start: datetime) -> QuerySet:
        raise NotImplementedError

    def before(self, queryset: QuerySet, end: datetime) -> QuerySet:
        raise NotImplementedError

    def _day(self, name: str) -> date | None:
        text = self.used_parameters.get(name)
        if not text:
            return None
        try:
            day = date.fromisoformat(str(text))
        except ValueError as error:
            raise IncorrectLookupParameters from error
        # Before Unix time there are no ids; after the last year there is no next day.
        if not 1970 <= day.year < date.max.year:
            raise IncorrectLookupParameters
        return day


class RecordedFilter(DaysFilter):
    """Rows made on some days, read from their ids: UUIDv7 begins with the time, so the primary key serves."""

    title = "day recorded (UTC)"
    parameters = ("recorded_from", "recorded_until")
    form = _days(*parameters)

    def since(self, queryset: QuerySet, start: datetime) -> QuerySet:
        return queryset.filter(id__gte=earliest_uuid(at=start))

    def before(self, queryset: QuerySet, end: datetime) -> QuerySet:
        return queryset.filter(id__lt=earliest_uuid(at=end))


class StartsFilter(DaysFilter):
    """Slots and appointments that start on some days; with a practice, its index serves."""

    title = "start (UTC)"
    parameters = ("starts_from", "starts_until")
    form = _days(*parameters)

    def since(self, queryset: QuerySet, start: datetime) -> QuerySet:
        return queryset.filter(starts_at__gte=start)

    def before(self, queryset: QuerySet, end: datetime) -> QuerySet:
        return queryset.filter(starts_at__lt=end)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
