"""The Functions app: every trigger, each one line into `gateway.ingress`."""

import gc

# What imports make stays: looking for garbage among it takes a fifth of a cold start.
gc.disable()

import azure.functions as func

from gateway import bootstrap
from gateway.ingress import functions

# Nor has any later collection to look at it again.
gc.freeze()
gc.enable()

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


# No `methods`: unrestricted, MERGE included. The catch-all matches nothing, too: `/c/{connection}`.
@app.route(route="c/{connection}/{*path}")
async def proxy(req: func.HttpRequest) -> func.HttpResponse:
    """Agents' requests to upstreams."""
    return await functions.proxy(bootstrap.gateway, req)


@app.route(route="approvals/{id}", methods=["GET", "HEAD", "POST"])
async def approval(req: func.HttpRequest) -> func.HttpResponse:
    """A held request, for its reviewer."""
    return await functions.page(bootstrap.gateway, req, "ticket")


@app.route(route="approvals", methods=["GET", "HEAD"])
async def approvals(req: func.HttpRequest) -> func.HttpResponse:
    """What waits for a reviewer."""
    return await functions.page(bootstrap.gateway, req, "tickets")


@app.route(route="signin", methods=["GET"])
async def signin(req: func.HttpRequest) -> func.HttpResponse:
    """To the identity provider."""
    return await functions.page(bootstrap.gateway, req, "signin")


@app.route(route="signin/callback", methods=["GET"])
async def signin_callback(req: func.HttpRequest) -> func.HttpResponse:
    """Back from the identity provider."""
    return await functions.page(bootstrap.gateway, req, "callback")


@app.route(route="signout", methods=["POST"])
async def signout(req: func.HttpRequest) -> func.HttpResponse:
    """Forget the person."""
    return await functions.page(bootstrap.gateway, req, "signout")


@app.route(route="operations/{id}", methods=["GET", "HEAD"])
async def operation(req: func.HttpRequest) -> func.HttpResponse:
    """How a held request stands, for the agent that made it."""
    return await functions.operation(bootstrap.gateway, req)


@app.route(route="detokenize", methods=["POST"])
async def detokenize(req: func.HttpRequest) -> func.HttpResponse:
    """What tokens stand for, for whom a rule names."""
    return await functions.detokenize(bootstrap.gateway, req)


@app.queue_trigger(
    arg_name="message", queue_name="chaperone-execute", connection="AzureWebJobsStorage"
)
async def execute(message: func.QueueMessage) -> None:
    """Carry out a request that was approved."""
    await functions.work(bootstrap.gateway, "chaperone-execute", message)


@app.queue_trigger(
    arg_name="message", queue_name="chaperone-execute-poison", connection="AzureWebJobsStorage"
)
async def execute_poison(message: func.QueueMessage) -> None:
    """Revoke an approval that could not be carried out."""
    await functions.work(bootstrap.gateway, "chaperone-execute-poison", message)


@app.queue_trigger(
    arg_name="message", queue_name="chaperone-notify", connection="AzureWebJobsStorage"
)
async def notify(message: func.QueueMessage) -> None:
    """Tell reviewers that a request waits."""
    await functions.work(bootstrap.gateway, "chaperone-notify", message)


@app.queue_trigger(
    arg_name="message", queue_name="chaperone-notify-poison", connection="AzureWebJobsStorage"
)
async def notify_poison(message: func.QueueMessage) -> None:
    """Count a notice that did not get through."""
    await functions.work(bootstrap.gateway, "chaperone-notify-poison", message)


@app.timer_trigger(arg_name="timer", schedule="30 * * * * *", run_on_startup=False)
async def expire(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the binding's name
    """End approvals whose time has run out, and finish what a crash left."""
    await functions.tick(bootstrap.gateway, "approvals")


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


@app.timer_trigger(arg_name="timer", schedule="45 */10 * * * *", run_on_startup=False)
async def policy(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the binding's name
    """Ask whether the retention policy of the evidence is locked, and put the answer on record."""
    await functions.tick(bootstrap.gateway, "policy")


@app.timer_trigger(arg_name="timer", schedule="15 * * * * *", run_on_startup=False)
async def project(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the binding's name
    """Bring the index of sessions, principals and resources up to date with the journals."""
    await functions.tick(bootstrap.gateway, "project")


@app.timer_trigger(arg_name="timer", schedule="40 * * * * *", run_on_startup=False)
async def attest(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the binding's name
    """Put what the journals gained into the log, and sign a checkpoint of it."""
    await functions.tick(bootstrap.gateway, "attest")
