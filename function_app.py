"""The Functions app: every trigger, each one line into `gateway.ingress`."""

import azure.functions as func

from gateway import bootstrap
from gateway.ingress import functions

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


# No `methods`: unrestricted, MERGE included. The catch-all matches nothing, too: `/c/{connection}`.
@app.route(route="c/{connection}/{*path}")
async def proxy(req: func.HttpRequest) -> func.HttpResponse:
    """Agents' requests to upstreams."""
    return await functions.proxy(bootstrap.gateway, req)


@app.route(route="healthz", methods=["GET", "HEAD"])
async def health(req: func.HttpRequest) -> func.HttpResponse:
    """Liveness."""
    return await functions.health(req)


@app.route(route="readyz", methods=["GET", "HEAD"])
async def ready(req: func.HttpRequest) -> func.HttpResponse:
    """Readiness, component by component."""
    return await functions.ready(bootstrap.gateway, req)


@app.timer_trigger(arg_name="timer", schedule="0 */10 * * * *", run_on_startup=False)
async def sweep(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the binding's name
    """Close what crashed processes left open in the evidence."""
    await functions.tick(bootstrap.gateway, "sweep")


@app.timer_trigger(arg_name="timer", schedule="0 * * * * *", run_on_startup=False)
async def count(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the binding's name
    """Put on record how many callers could not be identified, and close an idle journal."""
    await functions.tick(bootstrap.gateway, "count")
