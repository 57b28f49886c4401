"""OpenAPI from what the endpoints declare."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter

from mybcat.gateway import calls
from mybcat.gateway.endpoint import Endpoint


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "mybcat.gateway.authentication.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


_CALL = "The call during which this is done: it is kept with it."


def _key(*, required: bool) -> OpenApiParameter:
    return OpenApiParameter(
        "X-Idempotency-Key",
        str,
        OpenApiParameter.HEADER,
        required=required,
        description="1 to 255 printable ASCII characters. The same key and body within 24 hours: the first answer "
        "again, and no second effect.",
    )


class EndpointSchema(AutoSchema):
    """Adds what the gateway demands of each operation, so that no view repeats it."""

    def get_override_parameters(self) -> list[Any]:
        if not isinstance(self.view, Endpoint):
            return []
        use = self.view.idempotent.get(self.method)
        found = [_key(required=use == "required")] if use else []
        if self.method in self.view.call_acts and not self.path.startswith("/api/v1/"):
            found.append(OpenApiParameter(calls.HEADER, str, OpenApiParameter.HEADER, description=_CALL))
        return found

    def get_auth(self) -> list[dict[str, Any]]:
        # DRF's permission classes let everyone pass: the gateway asks later, and spectacular would not know.
        return [{"bearer": []}] if isinstance(self.view, Endpoint) else super().get_auth()

    def is_deprecated(self) -> bool:
        return self.path.startswith("/api/v1/") or super().is_deprecated()

    def get_tags(self) -> list[str]:
        return [self.path.split("/")[3] if self.path.startswith("/api/v") else "auth"]


_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT}
# What problems.py renders, for each version.
_REFUSALS: dict[str, dict[str, Any]] = {
    "Error": {
        "type": "object",
        "properties": {
            "error": _TEXT,
            "correlationId": _TEXT,
            "fields": {"type": "object", "additionalProperties": _TEXTS},
        },
        "required": ["error", "correlationId"],
    },
    "Problem": {
        "type": "object",
        "properties": {
            **dict.fromkeys(("type", "title", "detail", "code", "correlationId"), _TEXT),
            "status": {"type": "integer"},
            "errors": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"detail": _TEXT, "pointer": _TEXT},
                    "required": ["detail", "pointer"],
                },
            },
        },
        "required": ["type", "title", "status", "detail", "code", "correlationId", "errors"],
    },
}
_SECONDS = {"type": "integer", "minimum": 1, "description": "seconds after which the same request can pass"}
# v1's has no correlation id: the article's contract, to the letter.
_OFTEN: dict[str, dict[str, Any]] = {
    "Error": {
        "type": "object",
        "properties": {"error": _TEXT, "retryAfter": _SECONDS},
        "required": ["error", "retryAfter"],
    },
    "Problem": {
        "allOf": [
            {"$ref": "#/components/schemas/Problem"},
            {"type": "object", "properties": {"retryAfter": _SECONDS}, "required": ["retryAfter"]},
        ]
    },
}


def describe_refusals(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A hook of spectacular: every operation may be refused, in the shape of its version."""
    for path, operations in result["paths"].items():
        in_v1 = path.startswith("/api/v1/")
        name, kind = ("Error", "application/json") if in_v1 else ("Problem", "application/problem+json")
        schema = {"$ref": f"#/components/schemas/{name}"}
        for operation in operations.values():
            refused = {"content": {kind: {"schema": schema}}, "description": "Refused"}
            operation["responses"].setdefault("default", refused)
            often = {"content": {kind: {"schema": _OFTEN[name]}}, "description": "Too often"}
            operation["responses"].setdefault("429", often)
        result["components"]["schemas"][name] = _REFUSALS[name]
    return result
