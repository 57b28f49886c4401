"""What every list and form of the admin has in common: ids, cheap pages and a trace."""

from collections.abc import Iterable
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect, RelatedFieldWidgetWrapper
from django.db import models
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from mybcat.operators import identifiers, trace
from mybcat.operators.filters import FormFilter
from mybcat.operators.pages import BoundedPaginator


class OperatorAdmin(admin.ModelAdmin):
    """A model that operators may see, add and change. The site has let in nobody else."""

    # UUIDv7: the newest first, by the primary key's index, in a table of any size.
    ordering = ("-id",)
    sortable_by: ClassVar[Any] = None
    list_per_page = 50
    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    # Which column a pasted id of each prefix is looked up in; a bare id is the row's own.
    id_columns: ClassVar[dict[str, str]] = {}

    @property
    def media(self) -> Any:
        # The practice filter's picker stands beside lists that have no such field themselves.
        return super().media + AutocompleteSelect(self.opts.pk, self.admin_site).media

    @admin.display(description="ID", ordering="id")
    def public_id(self, row: models.Model) -> str:
        return identifiers.shown(type(row), row.pk)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.admin_site.has_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.admin_site.has_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.admin_site.has_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.admin_site.has_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Only what a filter of this list asks: any other lookup could guess what is masked."""
        return lookup.partition("__")[0] in self._filtered()

    def _filtered(self) -> set[str]:
        names = {name for name in (self.date_hierarchy,) if name}
        for entry in self.list_filter:
            if isinstance(entry, str):
                names.add(entry)
            elif isinstance(entry, type) and issubclass(entry, FormFilter):
                names.update(entry.parameters)
            elif isinstance(entry, type) and issubclass(entry, admin.SimpleListFilter):
                names.add(str(entry.parameter_name))
        return names

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        """Rows that a pasted id means, else rows whose `search_fields` contain the words."""
        found = identifiers.understood(search_term)
        if found:
            return queryset.filter(self.having_id(*found)), False
        if search_term and tuple(self.search_fields) == ("id",):
            return queryset.none(), False
        return super().get_search_results(request, queryset, search_term)

    def having_id(self, prefix: str | None, value: UUID) -> Q:
        """What a pasted id asks of this model's rows."""
        own = prefix in (None, identifiers.prefix_of(self.model))
        column = "id" if own else self.id_columns.get(str(prefix))
        return Q(**{column: value}) if column else Q(pk__in=())

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """Pickers pick: what is to be picked from is made on its own page, with its practice chosen first."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
            for offer in ("add", "change", "delete", "view"):
                setattr(field.widget, f"can_{offer}_related", False)
        return field

    def record(self, request: HttpRequest, act: str, rows: Iterable[Any], *, outcome: str = "success") -> None:
        trace.record(request, model=self.model, act=act, rows=list(rows), outcome=outcome)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        response = super().changelist_view(request, extra_context)
        if isinstance(response, TemplateResponse):
            changelist = (response.context_data or {})["cl"]
            self.record(request, "search" if changelist.query else "list", changelist.result_list)
        return response

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        response = super().changeform_view(request, object_id, form_url, extra_context)
        if isinstance(response, TemplateResponse):
            row = (response.context_data or {}).get("original")
            if request.method == "POST":
                self.record(request, "change" if row else "add", [row] if row else [], outcome="refused")
            elif row:
                self.record(request, "view", [row])
        return response

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        return self._traced(request, super().delete_view(request, object_id, extra_context))

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        return self._traced(request, super().history_view(request, object_id, extra_context) or HttpResponse())

    def _traced(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if isinstance(response, TemplateResponse):
            self.record(request, "view", [(response.context_data or {})["object"]])
        return response

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        self.record(request, "add", [obj])
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        self.record(request, "change", [obj])
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        self.record(request, "delete", queryset)
        return super().log_deletions(request, queryset)


class ReadOnlyAdmin(OperatorAdmin):
    """A model that operators may only look at."""

    search_fields: ClassVar[Any] = ("id",)
    # Another order would read the whole table, and tell something about what is masked.
    sortable_by = ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
