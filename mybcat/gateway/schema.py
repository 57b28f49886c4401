"""OpenAPI from what the endpoints declare."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter

from mybcat.gateway.endpoint import Endpoint


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "mybcat.gateway.authentication.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


class EndpointSchema(AutoSchema):
    """Adds what the gateway demands of each operation, so that no view repeats it."""

    def get_override_parameters(self) -> list[Any]:
        use = self.view.idempotent.get(self.method) if isinstance(self.view, Endpoint) else None
        if use is None:
            return []
        return [
            OpenApiParameter(
                "X-Idempotency-Key",
                str,
                OpenApiParameter.HEADER,
                required=use == "required",
                description="1 to 255 printable ASCII characters. The same key and body within 24 hours: the "
                "first answer again, and no second effect.",
            )
        ]

    def is_deprecated(self) -> bool:
        return (
            bool(self.view.versioning_class and getattr(self.view, "api_version", "") == "v1")
            or super().is_deprecated()
        )

    def get_tags(self) -> list[str]:
        return [self.path.split("/")[3] if self.path.startswith("/api/v") else "auth"]
