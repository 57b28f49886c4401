"""What an agent asks a caller, and what follows from the answers."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.inputs import read_body
from mybcat.gateway.tiers import Tier
from mybcat.principal import Permission
from practices.protocols.definition import parse
from practices.protocols.evaluation import evaluate
from practices.protocols.serializers import (
    EvaluationInput,
    EvaluationOutput,
    ProtocolOutput,
    show_evaluation,
    show_protocol,
)
from practices.protocols.services import InForce, get_version, in_force


class CurrentProtocol(Endpoint):
    permissions = {"GET": Permission.REFERENCE_READ}
    tiers = {"GET": Tier.T4}

    @extend_schema(operation_id="getProtocol", responses=ProtocolOutput)
    def get(self, request: Request) -> Response:
        """The questions in force: the practice's own, or the platform's for optometry."""
        return Response(show_protocol(in_force(now=self.now)))


class ProtocolEvaluations(Endpoint):
    # Nothing is stored: what a caller says of symptoms stays on the phone.
    permissions = {"POST": Permission.REFERENCE_READ}
    call_acts = {"POST": "protocol.evaluated"}
    tiers = {"POST": Tier.BOOKING}

    @extend_schema(operation_id="evaluateProtocol", request=EvaluationInput, responses={200: EvaluationOutput})
    def post(self, request: Request) -> Response:
        """The visit that the answers lead to, or the next question."""
        body = read_body(EvaluationInput, request)
        protocol = in_force(now=self.now)
        if "version_id" in body:
            version = get_version(body["version_id"])
            protocol = InForce(version, parse(version.definition))
        return Response(show_evaluation(protocol, evaluate(definition=protocol.definition, answers=body["answers"])))
