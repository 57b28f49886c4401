"""Form fields that operators fill in on several pages."""

from functools import cache
from typing import Any

from django import forms
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.validators import RegexValidator

from mybcat.zones import zone_names


class PracticeField(forms.ModelChoiceField):
    """Picks a practice by typing a part of its name."""

    def __init__(self, **kwargs: Any) -> None:
        # Practices can be read only in a scope, so the rows come with each form: `__deepcopy__`.
        super().__init__(queryset=None, **kwargs)

    def __deepcopy__(self, memo: dict[int, Any]) -> "PracticeField":
        copied: PracticeField = super().__deepcopy__(memo)
        membership = apps.get_model("practices", "Membership")
        practice = membership._meta.get_field("practice")
        copied.widget = AutocompleteSelect(practice, admin.site, attrs={"data-width": "100%"})
        copied.widget.is_required = copied.required
        copied.queryset = practice.remote_field.model._default_manager.all()
        return copied


class TimeZoneField(forms.ChoiceField):
    """An IANA name."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=_zones, label="Time zone", **kwargs)


class PhoneField(forms.CharField):
    """A telephone number as the whole world dials it."""

    default_validators = [RegexValidator(r"^\+[1-9][0-9]{6,14}\Z", "Enter the number as +, country and number: E.164.")]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=16, help_text="E.164, such as +12125550123", **kwargs)


@cache
def _zones() -> list[tuple[str, str]]:
    return [("", "---------"), *((name, name) for name in zone_names())]
