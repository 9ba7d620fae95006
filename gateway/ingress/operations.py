"""`/operations/{id}`: how a held request stands.

Pollers count 429 and 5xx as failures and Terraform waits on 404, so whatever can be said is said
with 200; only a ticket that is not the caller's, or not there, is 404.
"""

import logging

import azure.functions as func

from gateway.errors import GatewayError, NotFound
from gateway.ingress import problem
from gateway.ingress.contract import Asking, AskingProvider
from gateway.model.connection import Dialect
from gateway.model.message import Answer, Headers, Request, Target

_LOG = logging.getLogger("chaperone.ingress")


async def answer(provide: AskingProvider, req: func.HttpRequest) -> Answer:
    """The answer to GET or HEAD; every GatewayError becomes one."""
    try:
        gateway = await provide()
    except GatewayError as error:
        _LOG.error("the gateway cannot start: %s", error)
        return problem.answer(error, Dialect.JSON)
    try:
        ticket = str(req.route_params.get("id", ""))
        return await gateway.operation(ticket, _request(req, gateway))
    except NotFound:
        return problem.not_found()
    except GatewayError as error:
        return problem.answer(error, Dialect.JSON, challenge=gateway.challenge)


def _request(req: func.HttpRequest, gateway: Asking) -> Request:
    """What is needed to know the caller; the path is the gateway's own."""
    headers = Headers.of((name, value) for name, value in req.headers.items())
    return Request(
        method=req.method,
        connection="",
        target=Target("/operations"),
        headers=headers,
        body=b"",
        client_address="",
        base_url=gateway.public_url,
    )
