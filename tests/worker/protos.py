"""Stand-ins for the worker's protobuf messages: the fields that azure-functions-runtime touches."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any


class Message(SimpleNamespace):
    """A message with whatever fields it was made with."""


class StatusResult(Message):
    Failure, Success, Cancelled = range(3)


class BindingInfo(Message):
    # The names and numbers of FunctionRpc.proto.
    undefined, string, binary, stream = range(4)
    out, inout = 1, 2


class RpcHttpCookie(Message):
    SameSite = SimpleNamespace(Lax=1, Strict=2, ExplicitNone=3, **{"None": 0})


class TypedData(Message):
    """One field of a union is set."""

    def WhichOneof(self, group: str) -> str | None:  # noqa: N802 - protobuf's name
        return next(iter(vars(self)), None)


class ParameterBinding(Message):
    def WhichOneof(self, group: str) -> str:  # noqa: N802 - protobuf's name
        return "data"


PROTOS = SimpleNamespace(
    BindingInfo=BindingInfo,
    FunctionLoadResponse=Message,
    FunctionMetadataResponse=Message,
    InvocationResponse=Message,
    NullableBool=Message,
    NullableDouble=Message,
    NullableString=Message,
    NullableTimestamp=Message,
    ParameterBinding=ParameterBinding,
    RpcException=Message,
    RpcFunctionMetadata=Message,
    RpcHttp=Message,
    RpcHttpCookie=RpcHttpCookie,
    RpcRetryOptions=Message,
    StatusResult=StatusResult,
    TypedData=TypedData,
    WorkerInitResponse=Message,
    WorkerMetadata=Message,
)


def envelope(**request: Message) -> Message:
    """What every handler of the worker takes."""
    properties = {"host": "127.0.0.1", "protos": PROTOS}
    return Message(request=Message(**request), properties=properties)


def http_input(
    method: str, url: str, headers: Mapping[str, str], body: bytes, params: Mapping[str, str]
) -> TypedData:
    """An HTTP trigger's data as the host sends it: header names in lower case, one value each."""
    http = Message(
        method=method,
        url=url,
        headers={name.lower(): value for name, value in headers.items()},
        body=TypedData(bytes=body) if body else TypedData(),
        params=dict(params),
        query={},
    )
    return TypedData(http=http)


def timer_input() -> TypedData:
    """A timer trigger's data."""
    return TypedData(json='{"Schedule": {"AdjustForDST": true}, "IsPastDue": false}')


def invocation(function_id: str, name: str, data: TypedData, number: int) -> Message:
    """An InvocationRequest with one input."""
    request: dict[str, Any] = {
        "invocation_id": f"invocation-{number}",
        "function_id": function_id,
        "input_data": [ParameterBinding(name=name, data=data)],
        "trigger_metadata": {},
        "trace_context": Message(trace_parent="", trace_state="", attributes={}),
        "retry_context": Message(retry_count=0, max_retry_count=0, exception=None),
    }
    return Message(**request)
