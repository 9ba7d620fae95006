"""Properties as Pulumi's engine hands them to a provider: its protocol knows no integers."""

import asyncio
from typing import Any

from pulumi.runtime import rpc


def handed(**values: Any) -> dict[str, Any]:
    """The values after the way through the engine."""

    async def there() -> Any:
        return await rpc.serialize_properties(values, {})

    back: dict[str, Any] = rpc.deserialize_properties(asyncio.run(there()))
    return back
