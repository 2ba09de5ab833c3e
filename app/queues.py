"""What waits for what: handlers of the same queue share its places.

A photo is decoded in its place, several at once, so that one that takes long holds nobody up; then it waits for the network,
which takes what waits together (``cternet.results.passes``).  ``app.main`` gives as many places as both need.
"""

from typing import Any

PHOTO: dict[str, Any] = {"concurrency_id": "photo", "concurrency_limit": 4}
"""A visitor's photo to open and to run the network on."""
PROGRAM: dict[str, Any] = {"concurrency_id": "program", "concurrency_limit": 4}
"""A program's: many calls of one do not hold up visitors, whose photos go through the network along with its own."""
PROGRAM_LONG: dict[str, Any] = {"concurrency_id": "program long", "concurrency_limit": 1}
"""What takes a program seconds to minutes: measuring."""
REDRAW = {"concurrency_id": "redraw", "concurrency_limit": 4}
"""Pictures and files of what is there already."""
COMPARE = {"concurrency_id": "compare", "concurrency_limit": 2}
"""The maps of several photos, one after the other."""
LONG = {"concurrency_id": "long", "concurrency_limit": 1}
"""What takes seconds to minutes: surveys and measuring."""
