"""The queue of calls: programs fill no more than half of it, so that visitors have a place."""

from typing import Any

from gradio.queueing import Queue

from app.sessions import LONGEST_SESSION

Pushed = tuple[bool, Any, Any]
"""Whether a call was taken; its id or what to say; in gradio's words what became of it."""


class FairQueue(Queue):
    """Gradio's, made of one that is there."""

    @classmethod
    def of(cls, queue: Queue) -> "FairQueue":
        queue.__class__ = cls
        queue.ANALYTICS_MAX_EVENTS = 1
        assert isinstance(queue, FairQueue)
        return queue

    def compute_analytics_summary(self, _records: Any) -> dict[str, Any]:
        """Gradio's table of calls, which nobody asks for.  It is made anew after each, and would fail for everybody once the
        name of somebody's session is no text."""
        return {"functions": {}}

    async def push(self, body: Any, request: Any, username: str | None) -> Pushed:
        """Take a call."""
        if body.session_hash is not None and len(body.session_hash) > LONGEST_SESSION:
            return False, f"A session_hash has at most {LONGEST_SESSION} characters.", "error"
        called = self.blocks.fns.get(body.fn_index)
        if self.max_size is not None and called is not None and called.api_visibility == "public":
            queues = self.event_queue_per_concurrency_id.values()
            waiting = sum(one.fn.api_visibility == "public" for queue in queues for one in queue.queue)
            if waiting >= max(1, self.max_size // 2):
                return False, f"Queue is full: {waiting} calls of programs are waiting.", "queue_full"
        return await super().push(body=body, request=request, username=username)
