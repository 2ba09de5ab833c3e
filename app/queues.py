"""What waits for what: handlers of the same queue share its places.

The network itself takes one photo at a time (``Predictor.forward``); a photo is decoded before that, several at once, so that
one that takes long holds nobody up.
"""

PHOTO = {"concurrency_id": "photo", "concurrency_limit": 4}
"""A photo to open and to run the network on."""
REDRAW = {"concurrency_id": "redraw", "concurrency_limit": 4}
"""Pictures and files of what is there already."""
COMPARE = {"concurrency_id": "compare", "concurrency_limit": 2}
"""The maps of several photos, one after the other."""
LONG = {"concurrency_id": "long", "concurrency_limit": 1}
"""What takes seconds to minutes: surveys and measuring."""
