"""Files of patients and more: handed in, looked at, and told what is wrong with which line."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.imports import services
from integrations.imports.models import DateOrder, Import
from integrations.imports.reasons import REASONS
from integrations.imports.serializers import ImportDetailOutput, ImportInput, ImportOutput, show_detail, show_import
from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.inputs import read_body
from mybcat.gateway.lists import each, listed, page_of, read_query
from mybcat.gateway.tiers import Tier
from mybcat.ids import internal_id
from mybcat.principal import Permission
from mybcat.spreadsheets import spreadsheet

_DEFAULTS: dict[str, Any] = {"dry_run": False, "dates": DateOrder.ISO, "even_if_alike": False}


class Imports(Endpoint):
    permissions = {"GET": Permission.DATA_IMPORT, "POST": Permission.DATA_IMPORT}
    tiers = {"GET": Tier.T4, "POST": Tier.T2}
    idempotent = {"POST": "accepted"}

    @listed("listImports", v1=ImportOutput, v2=ImportOutput)
    def get(self, request: Request) -> Response:
        """The practice's imports, the newest first."""
        rows = Import.objects.defer("content")
        order, show = ("-created_at", "-id"), each(show_import)
        return page_of(rows, request=request, query=read_query(request), order=order, show_all=show)

    @extend_schema(operation_id="createImport", request=ImportInput, responses={201: ImportDetailOutput})
    def post(self, request: Request) -> Response:
        """Take a file over, whole or not at all. A long one is `queued`: ask again how it has ended."""
        job = services.submit(**{**_DEFAULTS, **read_body(ImportInput, request)}, by=self.principal, now=self.now)
        return Response(show_detail(job), status=201)


class ImportDetail(Endpoint):
    permissions = {"GET": Permission.DATA_IMPORT}
    tiers = {"GET": Tier.T4}

    @extend_schema(operation_id="getImport", responses=ImportDetailOutput)
    def get(self, request: Request, import_id: str) -> Response:
        """One import, and what is wrong with its first thousand bad lines."""
        return Response(show_detail(services.get_import(internal_id("imp", import_id))))


class ImportErrorsCSV(Endpoint):
    permissions = {"GET": Permission.DATA_IMPORT}
    tiers = {"GET": Tier.T2}

    @extend_schema(operation_id="getImportErrors", responses={(200, "text/csv"): OpenApiTypes.STR})
    def get(self, request: Request, import_id: str) -> HttpResponse:
        """All that is wrong with its lines, as a spreadsheet."""
        job = services.get_import(internal_id("imp", import_id))
        rows = ((line, column, code, REASONS[code]) for line, column, code in job.errors)
        return spreadsheet(name=f"{import_id}.csv", head=("line", "column", "code", "detail"), rows=rows)
