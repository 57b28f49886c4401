"""How the token endpoint refuses (RFC 6749, section 5.2): the words of the standard, and nothing of ours."""

from mybcat.errors import DomainError


class OAuthRefusal(DomainError):
    """`code` is one of the standard's."""


class InvalidRequest(OAuthRefusal):
    code = "invalid_request"
    status = 400


class InvalidClient(OAuthRefusal):
    """One sentence for every reason: no hints for whoever tries."""

    code = "invalid_client"
    status = 401
    sentence = "Client authentication failed"

    def __init__(self) -> None:
        super().__init__()
        self.headers = {"WWW-Authenticate": 'Basic realm="MyBCAT API clients"'}


class UnsupportedGrantType(OAuthRefusal):
    code = "unsupported_grant_type"
    status = 400
    sentence = "The one grant type is client_credentials"


class InvalidScope(OAuthRefusal):
    code = "invalid_scope"
    status = 400
    sentence = "The client may not have one of these scopes"
