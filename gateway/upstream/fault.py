"""Error answers of the upstream, rebuilt: the code passes, the text does not.

Azure's error texts quote names, header values and, for failed signatures, the string to sign. So an
answer is made anew from the code and a sentence of the gateway's.
"""

import re
from http import HTTPStatus
from xml.etree import ElementTree as ET

from gateway.errors import Reason, Withheld
from gateway.model.message import UpstreamResponse
from gateway.upstream import xml

UNKNOWN = "UpstreamError"

_CODE = re.compile(r"[A-Za-z0-9]{1,64}")
# They are about the gateway's own credential: an agent can do nothing about them, and a 401 would
# make SDKs fetch and send tokens.
_ABOUT_THE_CREDENTIAL = """
    AccountIsDisabled AuthenticationFailed AuthorizationFailure AuthorizationPermissionMismatch
    AuthorizationProtocolMismatch AuthorizationResourceTypeMismatch AuthorizationServiceMismatch
    AuthorizationSourceIPMismatch InsufficientAccountPermissions InvalidAuthenticationInfo
    KeyBasedAuthenticationNotPermitted NoAuthenticationInformation
"""
_CREDENTIAL_CODES = frozenset(_ABOUT_THE_CREDENTIAL.split())
_SENTENCES = {
    400: "The upstream found the request malformed.",
    404: "The upstream has no such resource.",
    409: "The upstream refused the operation in the resource's present state.",
    412: "A condition of the request does not hold.",
    416: "The upstream cannot serve the requested range.",
    429: "The upstream is busy; try again later.",
}


def code_of(response: UpstreamResponse) -> str:
    """The upstream's error code, `UpstreamError` where it gives none in the usual form."""
    candidates = [response.headers.get("x-ms-error-code") or ""]
    try:
        root = xml.parse(response.body)
        candidates.append(root.findtext("Code") or "")
    except ValueError:
        pass
    return next((text for text in candidates if _CODE.fullmatch(text)), UNKNOWN)


def refuse_credential_faults(response: UpstreamResponse, code: str) -> None:
    """Refuse to show that the gateway's own credential was refused.

    Withheld is answered with 403 and without Retry-After: SDKs neither retry it, as they do 502,
    nor look for another token, as they do at 401.

    Raises:
        Withheld: the answer is about the gateway's credential.
    """
    unauthorised = response.status in {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.PROXY_AUTHENTICATION_REQUIRED,
    }
    # A bare 403 comes from a firewall or a proxy before the service.
    bare = response.status == HTTPStatus.FORBIDDEN and code == UNKNOWN
    if unauthorised or bare or code in _CREDENTIAL_CODES:
        raise Withheld(
            "The upstream refuses the gateway's own credential.",
            reason=Reason.UPSTREAM_CREDENTIAL_REFUSED,
            advice="Tell the gateway's operator: the connection's identity lacks a role, its key "
            "was rotated, or the account's firewall shuts the gateway out.",
        )


def body(status: int, code: str) -> bytes:
    """The error as the storage SDKs parse it."""
    root = ET.Element("Error")
    ET.SubElement(root, "Code").text = code
    message = _SENTENCES.get(status, "The upstream refused or failed the request.")
    ET.SubElement(root, "Message").text = message
    return xml.serialise(root)
