"""Work given to the threads that read comes back to the loop that gave it, whatever becomes of it."""

import asyncio
import threading
from functools import partial

import pytest

from web.readers import Readers


def test_more_work_than_threads_is_all_done() -> None:
    readers = Readers(2, "test")

    async def all_of_it() -> list[int]:
        return await asyncio.gather(*(readers.run(partial(int.__mul__, 2, number)) for number in range(50)))

    assert asyncio.run(all_of_it()) == [number * 2 for number in range(50)]
    readers.close()


def test_one_after_the_other_is_done_by_the_same_thread() -> None:
    readers = Readers(4, "test")

    async def names() -> set[str]:
        first = [await readers.run(lambda: threading.current_thread().name) for _ in range(9)]
        return set(first)

    assert asyncio.run(names()) == {"test_0"}
    readers.close()


def test_what_the_work_raises_is_raised_to_who_asked_and_the_thread_goes_on() -> None:
    readers = Readers(1, "test")

    async def both() -> int:
        with pytest.raises(ZeroDivisionError):
            await readers.run(lambda: 1 // 0)
        return await readers.run(lambda: 7)

    assert asyncio.run(both()) == 7
    readers.close()


def test_work_nobody_waits_for_any_more_is_not_begun() -> None:
    readers, begun, go_on = Readers(1, "test"), list[str](), threading.Event()

    async def one_gives_up() -> None:
        first = asyncio.create_task(readers.run(go_on.wait))
        second = asyncio.create_task(readers.run(lambda: begun.append("second")))
        third = asyncio.create_task(readers.run(lambda: begun.append("third")))
        await asyncio.sleep(0)
        second.cancel()
        await asyncio.wait([second])
        go_on.set()
        await asyncio.gather(first, third)

    asyncio.run(one_gives_up())
    readers.close()
    assert begun == ["third"]


def test_closing_finishes_what_waits_and_refuses_more() -> None:
    readers, done, go_on = Readers(1, "test"), list[str](), threading.Event()

    async def closed_meanwhile() -> None:
        waiting = [asyncio.create_task(readers.run(go_on.wait)),
                   asyncio.create_task(readers.run(lambda: done.append("waited")))]
        await asyncio.sleep(0)
        go_on.set()
        await asyncio.to_thread(readers.close)
        await asyncio.gather(*waiting)
        with pytest.raises(RuntimeError):
            await readers.run(lambda: done.append("too late"))

    asyncio.run(closed_meanwhile())
    assert done == ["waited"]
