"""`POST /detokenize`: what tokens stand for, for people and clients that a rule names.

What is read here goes through the pipeline as any request; whoever must be asked is asked there.
"""

import logging
from typing import Final

import azure.functions as func

from gateway.errors import GatewayError, InvalidRequest
from gateway.ingress import http, problem
from gateway.ingress.contract import Gateway, Provider
from gateway.model.connection import Dialect
from gateway.model.detokenize import DETOKENIZE
from gateway.model.message import Answer, Headers, Request
from gateway.operations import detokenize

_LOG = logging.getLogger("chaperone.ingress")
_REASON: Final = "x-chaperone-reason"
_KEPT: Final = frozenset(
    {"authorization", "x-chaperone-purpose", "x-chaperone-session", "x-ms-client-request-id"}
)
"""Of the headers; every other one means nothing here."""


async def answer(provide: Provider, req: func.HttpRequest) -> Answer:
    """The answer to POST; every GatewayError becomes one."""
    try:
        gateway = await provide()
    except GatewayError as error:
        _LOG.error("the gateway cannot start: %s", error)
        return problem.answer(error, Dialect.JSON)
    try:
        return await gateway.handle(_request(req, gateway))
    except GatewayError as error:
        return problem.answer(error, Dialect.JSON, challenge=gateway.challenge)


def _request(req: func.HttpRequest, gateway: Gateway) -> Request:
    """The request in one form.

    Raises:
        InvalidRequest: it is not what is described in `operations.detokenize`.
    """
    headers = Headers.of((name, value) for name, value in req.headers.items())
    kind = (headers.get("content-type") or "").partition(";")[0].strip().lower()
    if kind != "application/json" or "," in (headers.get("authorization") or ""):
        raise InvalidRequest(
            "the body is not said to be JSON, or the Authorization header stands there twice",
            advice="send Content-Type: application/json and one bearer token",
        )
    asked = detokenize.parse(req.get_body())
    kept = [(name, value) for name, value in headers if name in _KEPT]
    return Request(
        method="POST",
        connection=asked.connection,
        target=DETOKENIZE,
        headers=Headers((*kept, (_REASON, asked.reason))),
        body=asked.body,
        client_address=http.client_address(headers),
        base_url=gateway.public_url,
    )
