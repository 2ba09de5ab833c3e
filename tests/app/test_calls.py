"""How long calls are worked on: until their time is over or their visitor has left; and what gradio keeps of them."""

import asyncio
import socket
import threading
import time

import gradio as gr
import httpx
import pytest

from app.blocks import StudioBlocks
from app.calls import in_time, stop
from app.tidying import LOOKS
from cternet.stopping import Stopped, never
from tests.app.calls import Caller


class Work:
    """A handler that takes for ever, unless it is stopped."""

    def __init__(self) -> None:
        self.begun, self.ended = threading.Event(), threading.Event()

    def __call__(self) -> str:
        self.begun.set()
        asked, until = stop(), time.monotonic() + 20
        while time.monotonic() < until:
            if asked():
                self.ended.set()
                raise Stopped
            time.sleep(0.01)
        return "done"


@pytest.fixture
def work():
    return Work()


@pytest.fixture
def served(work):
    def take_long() -> str:
        return work()

    def answer() -> str:
        return "x" * 1000

    with StudioBlocks(analytics_enabled=False, seconds=1.0) as demo:
        gr.Textbox(value="a component")
        gr.api(take_long, api_name="take_long")
        gr.api(answer, api_name="answer")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    demo.launch(prevent_thread_lock=True, quiet=True, server_port=port)
    yield demo
    demo.close()


def join(demo, name, session):
    """Ask for a call; its answer is not read."""
    caller = Caller(demo.local_url.rstrip("/"), session)
    body = {"data": [], "fn_index": caller.dependency(name)["id"], "session_hash": session}
    httpx.post(f"{caller.url}/gradio_api/queue/join", json=body).raise_for_status()
    return caller


def test_a_call_that_takes_too_long_is_answered_in_a_sentence_and_given_up(served, work):
    caller, start = Caller(served.local_url.rstrip("/"), "patient"), time.monotonic()
    answer = caller.call(caller.dependency("take_long"), [])[-1]
    assert not answer["success"] and answer["output"]["error"].startswith("This took longer than the 1 seconds")
    assert time.monotonic() - start < 5
    assert work.ended.wait(5)


def test_work_stops_soon_after_its_visitor_has_left(served, work):
    served.seconds = 30
    caller = join(served, "take_long", "impatient")
    with httpx.stream("GET", f"{caller.url}/gradio_api/queue/data", params={"session_hash": "impatient"}) as stream:
        lines = stream.iter_lines()  # held: the connection ends with it
        next(lines)
        assert work.begun.wait(10)
        assert not work.ended.is_set()
    assert work.ended.wait(5)


def test_a_call_outside_of_a_call_is_never_stopped():
    assert not stop()()


def test_answers_that_nobody_reads_are_dropped(served):
    queue = served._queue
    join(served, "answer", "gone")
    until = time.monotonic() + 10
    while queue.event_ids_to_events and time.monotonic() < until:
        time.sleep(0.01)
    for _ in range(LOOKS):
        served.tidying.drop_unread()
        assert "gone" in queue.pending_messages_per_session
    served.tidying.drop_unread()
    assert "gone" not in queue.pending_messages_per_session and "gone" not in queue.pending_event_ids_session


def test_an_answer_that_is_read_late_is_there(served):
    caller = join(served, "answer", "late")
    served.tidying.drop_unread()
    with httpx.stream("GET", f"{caller.url}/gradio_api/queue/data", params={"session_hash": "late"}) as stream:
        assert any("process_completed" in line for line in stream.iter_lines())


def test_a_session_has_no_description_of_the_page_of_its_own(served):
    caller = Caller(served.local_url.rstrip("/"), "light")
    caller.call(caller.dependency("answer"), [])
    state = served.state_holder.session_data["light"]
    assert state.blocks_config.blocks and not any(state.config_values.values())
    assert caller.config["components"], "the page itself has one"


def test_an_answer_that_is_still_worked_on_is_not_dropped(served, work):
    served.seconds = 30
    join(served, "take_long", "slow")
    assert work.begun.wait(10)
    for _ in range(LOOKS + 3):
        served.tidying.drop_unread()
    assert "slow" in served._queue.pending_messages_per_session


def test_a_cancelled_call_is_given_up_and_leaves_no_traceback(served, work, caplog):
    served.seconds = 30
    caller = join(served, "take_long", "cancels")
    assert work.begun.wait(10)
    (event,) = served._queue.event_ids_to_events
    body = {"session_hash": "cancels", "fn_index": caller.dependency("take_long")["id"], "event_id": event}
    httpx.post(f"{caller.url}/gradio_api/cancel", json=body).raise_for_status()
    assert work.ended.wait(5)
    time.sleep(0.2)
    assert "never retrieved" not in caplog.text


def test_a_timeout_within_the_work_is_not_taken_for_a_call_that_took_too_long():
    async def fails():
        raise TimeoutError("the disk")

    with pytest.raises(TimeoutError, match="the disk"):
        asyncio.run(in_time(fails, left=never, seconds=None))


def test_handlers_cannot_be_called_past_the_queue(served):
    for route in ("run", "api"):
        answer = httpx.post(f"{served.local_url}gradio_api/{route}/answer", json={"data": []})
        assert answer.status_code in (401, 404, 405)


def test_programs_fill_no_more_than_half_of_the_queue(served, work):
    served.seconds, served._queue.max_size = 30, 4
    for number in range(3):  # one is worked on, two wait
        join(served, "take_long", f"program-{number}")
    assert work.begun.wait(10)
    with pytest.raises(httpx.HTTPStatusError, match="503"):
        join(served, "take_long", "one-too-many")


def test_a_session_has_a_short_name(served):
    with pytest.raises(httpx.HTTPStatusError, match="400"):
        join(served, "answer", "x" * 1000)
