"""Rows of a practice: the practice is chosen first and stays; everything picked afterwards is the practice's own."""

from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from mybcat.operators.fields import PracticeField
from mybcat.operators.filters import PracticeFilter
from mybcat.operators.model_admin import OperatorAdmin
from mybcat.tenancy import PracticeForeignKey


class PracticeChoice(forms.Form):
    practice = PracticeField()


class TenantForm(forms.ModelForm):
    """Knows the row's practice: offers and accepts its rows only, and checks what must be unique in it."""

    practice_id: ClassVar[UUID | None] = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.practice_id is None:
            self.instance.practice_id = self.practice_id
        for name, field in self.fields.items():
            if isinstance(self._meta.model._meta.get_field(name), PracticeForeignKey):
                field.queryset = field.queryset.filter(practice_id=self.instance.practice_id)  # type: ignore[attr-defined]

    def _get_validation_exclusions(self) -> set[str]:
        # The practice is no field of the form, which would exempt every constraint that names it.
        return super()._get_validation_exclusions() - {"practice"}  # type: ignore[misc]


class TenantAdmin(OperatorAdmin):
    """A row of a practice that operators may add and change."""

    form = TenantForm
    list_filter: ClassVar[Any] = (PracticeFilter,)
    list_select_related: ClassVar[Any] = ("practice",)
    id_columns: ClassVar[dict[str, str]] = {"prac": "practice_id"}

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("practice", *super().get_readonly_fields(request, obj))

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        choice = PracticeChoice(request.GET)
        if obj is None and choice.is_valid():
            form.practice_id = choice.cleaned_data["practice"].pk
        return form

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        if object_id is None and self.has_add_permission(request):
            choice = PracticeChoice(request.GET if "practice" in request.GET else None)
            if not choice.is_valid():
                return self._choose_practice(request, choice)
        try:
            with transaction.atomic():
                return super().changeform_view(request, object_id, form_url, extra_context)
        except IntegrityError:
            # The form checks every constraint; so the row was overtaken by another transaction.
            messages.error(request, "Somebody else has just changed what this refers to. Nothing was saved.")
            return HttpResponseRedirect(request.get_full_path())

    def _choose_practice(self, request: HttpRequest, choice: PracticeChoice) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": f"Add {self.opts.verbose_name}: whose?",
            "opts": self.opts,
            "form": choice,
            "media": self.media,
        }
        return TemplateResponse(request, "operators/choose_practice.html", context)
