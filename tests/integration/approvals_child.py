"""Asks for, decides, drives or expires a ticket per line of standard input, in a forked process.

Each line is a run of `approvals_scene` with `act` ("ask", "decide", "drive", "expire"), `ticket`,
`times` where it is done several times at once, and for a driver
`number` and `after`: the process dies by SIGKILL at that call to a port or a store, before it
starts or after it has taken effect. Answers `{"killed": bool, "calls": [...], "ends": [...]}`.
"""

import asyncio
import json
import os
import signal
import sys
from typing import Any, Literal

from gateway.errors import ApprovalRequired, GatewayError
from tests.fakes.asking import deletion, reviewer
from tests.integration.approvals_scene import RealScene, scene_of
from tests.integration.crash_child import Deadly


async def carry_out(run: dict[str, Any]) -> dict[str, Any]:
    calls: list[str] = []
    run.setdefault("number", -1)
    run.setdefault("after", False)
    async with scene_of(run, lambda name, target: Deadly(name, target, run, calls)) as scene:
        times = range(run.get("times", 1))
        match run["act"]:
            case "drive":
                driver = scene.driver()
                ends = await gather(*(driver.drive(run["ticket"]) for _ in times))
            case "ask":
                ends = await gather(*(asked(scene) for _ in times))
            case "expire":
                ends = await gather(*(scene.expiry().sweep() for _ in times))
            case _:
                ends = await gather(*(decide(scene, run, number) for number in run["reviewers"]))
    return {"calls": calls, "ends": ends}


async def asked(scene: RealScene) -> str:
    """The ticket under which the request waits."""
    error = await scene.ask(deletion(request_id="sdk"))
    if isinstance(error, ApprovalRequired):
        return dict(error.details)["approvalId"]
    assert isinstance(error, GatewayError), "nobody has decided"
    raise error


async def decide(scene: RealScene, run: dict[str, Any], number: int) -> str:
    reviews = scene.reviews()
    view = await reviews.view(run["ticket"], reviewer(number))
    decision: Literal["approve", "reject"] = "approve" if number % 2 else "reject"
    page = view.page_digest
    view = await reviews.decide(run["ticket"], reviewer(number), decision, "because", page)
    return view.state


async def gather(*work: Any) -> list[str]:
    ends = await asyncio.gather(*work, return_exceptions=True)
    for end in ends:
        if isinstance(end, BaseException) and not isinstance(end, GatewayError):
            raise end
    return [f"error {end.reason}" if isinstance(end, GatewayError) else str(end) for end in ends]


def main() -> None:
    for line in sys.stdin:
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            result = asyncio.run(carry_out(json.loads(line)))
            os.write(writer, json.dumps(result).encode())
            os._exit(0)
        os.close(writer)
        _, status = os.waitpid(child, 0)
        with os.fdopen(reader) as answer:
            text = answer.read()
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        if not killed and os.waitstatus_to_exitcode(status) != 0:
            sys.exit("the run failed by itself")
        result = {"killed": killed, **(json.loads(text) if text else {"calls": [], "ends": []})}
        sys.stdout.write(json.dumps(result) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
