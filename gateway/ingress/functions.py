"""What each trigger of `function_app.py` calls.

Nothing raised here may carry text from a request: the Functions host logs exceptions in full.
"""

import logging
from collections.abc import Mapping

import azure.functions as func
import orjson

from gateway.errors import GatewayError
from gateway.ingress import http, problem, visit
from gateway.ingress.contract import AskingProvider, Gateway, Provider, ReceptionProvider
from gateway.model.connection import Dialect
from gateway.model.message import Answer, Headers

_LOG = logging.getLogger("chaperone.ingress")


class TickFailed(Exception):
    """A timer's work failed; the host marks the run as failed. Its text is safe for logs."""


class WorkFailed(Exception):
    """A message's work failed; the host gives it again, five times. Its text is safe for logs."""


async def proxy(provide: Provider, req: func.HttpRequest) -> func.HttpResponse:
    """Any request below `/c/{connection}`: always a response, never an exception."""
    head = req.method == "HEAD"
    try:
        return http.write(await _answer(provide, req), head=head)
    except Exception as error:  # noqa: BLE001 - conversion only; the pipeline has the other one
        _LOG.error("a request could not be converted: %s", _place(error))
        return http.write(problem.internal(), head=head)


async def page(provide: ReceptionProvider, req: func.HttpRequest, name: str) -> func.HttpResponse:
    """A page for people: always a response, never an exception."""
    head = req.method == "HEAD"
    try:
        return http.write(await _page(provide, req, name), head=head)
    except Exception as error:  # noqa: BLE001 - as for `proxy`: the text may be the request's
        _LOG.error("a page could not be made: %s", _place(error))
        return http.write(_trouble(GatewayError("nothing more is shown here")), head=head)


async def health(req: func.HttpRequest) -> func.HttpResponse:
    """The process runs: says nothing about what it depends on."""
    return http.write(_json(200, {"status": "ok"}), head=req.method == "HEAD")


async def ready(provide: Provider, req: func.HttpRequest) -> func.HttpResponse:
    """200 if every component is "ok", otherwise 503; the body names components and reasons."""
    try:
        components = dict(await (await provide()).ready())
    except GatewayError as error:
        _LOG.error("the gateway cannot start: %s", error)
        components = {"gateway": str(error.reason)}
    good = bool(components) and all(state == "ok" for state in components.values())
    content = {"status": "ok" if good else "unavailable", "components": components}
    return http.write(_json(200 if good else 503, content), head=req.method == "HEAD")


async def operation(provide: AskingProvider, req: func.HttpRequest) -> func.HttpResponse:
    """How a held request stands: always a response, never an exception."""
    from gateway.ingress import operations  # noqa: PLC0415 - few requests ask for one

    head = req.method == "HEAD"
    try:
        return http.write(await operations.answer(provide, req), head=head)
    except Exception as error:  # noqa: BLE001 - as for `proxy`: the text may be the request's
        _LOG.error("an operation could not be answered: %s", _place(error))
        return http.write(problem.internal(), head=head)


async def detokenize(provide: Provider, req: func.HttpRequest) -> func.HttpResponse:
    """What tokens stand for: always a response, never an exception."""
    from gateway.ingress import detokenize as tokens  # noqa: PLC0415 - few requests ask for it

    try:
        return http.write(await tokens.answer(provide, req), head=False)
    except Exception as error:  # noqa: BLE001 - as for `proxy`: the text may be the request's
        _LOG.error("tokens could not be answered: %s", _place(error))
        return http.write(problem.internal(), head=False)


async def work(provide: AskingProvider, queue: str, message: func.QueueMessage) -> None:
    """One message of a queue.

    Raises:
        WorkFailed: with the reason code or the place only; the host gives the message again.
    """
    try:
        gateway = await provide()
        await gateway.take(queue, message.get_body().decode("ascii", "replace"))
    except GatewayError as error:
        raise WorkFailed(f"queue {queue}: {error.reason}") from None
    except Exception as error:  # noqa: BLE001 - the host logs what is raised in full
        raise WorkFailed(f"queue {queue}: {_place(error)}") from None


async def tick(provide: Provider, timer: str) -> None:
    """Work that is due on a timer.

    Raises:
        TickFailed: with the reason code only.
    """
    try:
        gateway = await provide()
        await gateway.tick(timer)
    except GatewayError as error:
        raise TickFailed(f"timer {timer}: {error.reason}") from None


async def _page(provide: ReceptionProvider, req: func.HttpRequest, name: str) -> Answer:
    try:
        pages = (await provide()).pages
    except GatewayError as error:
        _LOG.error("the gateway cannot start: %s", error)
        return _trouble(error)
    try:
        return await pages.respond(name, visit.read(req))
    except GatewayError as error:
        _LOG.warning("page %s: %s", name, error.reason)
        return _trouble(error)


def _trouble(error: GatewayError) -> Answer:
    from gateway.ingress import reviewing  # noqa: PLC0415 - agents' requests do without pages

    return reviewing.trouble(error)


async def _answer(provide: Provider, req: func.HttpRequest) -> Answer:
    try:
        gateway = await provide()
    except GatewayError as error:
        _LOG.error("the gateway cannot start: %s", error)
        storage = "x-ms-version" in req.headers
        return problem.answer(error, Dialect.XML if storage else Dialect.JSON)
    try:
        return await gateway.handle(http.read(req, gateway))
    except GatewayError as error:
        dialect = await _dialect(gateway, req)
        return problem.answer(error, dialect, challenge=gateway.challenge)


async def _dialect(gateway: Gateway, req: func.HttpRequest) -> Dialect:
    """Storage SDKs send x-ms-version; other clients' shape is the connection's."""
    if "x-ms-version" in req.headers:
        return Dialect.XML
    connection = http.connection(req)
    return await gateway.dialect(connection) if connection else Dialect.JSON


def _json(status: int, content: Mapping[str, object]) -> Answer:
    fields = (("content-type", "application/json"), ("cache-control", "no-store"))
    return Answer(status, Headers(fields), orjson.dumps(content))


def _place(error: BaseException) -> str:
    """Class and line of code, which are ours, without the text, which may be the request's."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    where = f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}" if trace else "unknown"
    return f"{type(error).__qualname__} in {where}"
