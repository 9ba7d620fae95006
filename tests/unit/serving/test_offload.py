import threading

import pytest

from gateway.serving.offload import IN_PLACE_BYTES, offload


@pytest.mark.parametrize(("size", "moved"), [(IN_PLACE_BYTES, False), (IN_PLACE_BYTES + 1, True)])
async def test_only_large_work_changes_threads(size: int, moved: bool) -> None:
    here = threading.get_ident()

    assert (await offload(size, threading.get_ident) != here) is moved


@pytest.mark.parametrize("size", [0, IN_PLACE_BYTES + 1])
async def test_arguments_results_and_errors_pass(size: int) -> None:
    assert await offload(size, int, "ff", base=16) == 255
    with pytest.raises(ValueError, match="invalid literal"):
        await offload(size, int, "x")
