"""The store of what visitors have: theirs alone, bounded in number, age and bytes."""

import threading
import time

from app.sessions import Sessions


class Weight:
    """Something of so many bytes, as an array says of itself."""

    def __init__(self, nbytes: int) -> None:
        self.nbytes = nbytes


def test_each_gets_their_own():
    store = Sessions()
    store.put("a", "one")
    store.put("b", "two")
    assert (store.get("a"), store.get("b"), store.get("c")) == ("one", "two", None)


def test_the_least_recently_used_leaves_first():
    store = Sessions(limit=2)
    store.put("a", 1)
    store.put("b", 2)
    store.get("a")
    store.put("c", 3)
    assert (store.get("a"), store.get("b"), store.get("c")) == (1, None, 3)
    assert len(store.kept) == 2


def test_old_ones_leave():
    store = Sessions(max_age=0.05)
    store.put("a", 1)
    time.sleep(0.1)
    assert store.get("a") is None
    store.put("a", 1)
    time.sleep(0.1)
    store.put("b", 2)
    assert list(store.kept) == ["b"]


def test_drop_frees():
    store = Sessions()
    store.put("a", 1)
    store.drop("a")
    store.drop("a")
    assert not store.kept


def test_the_heaviest_use_of_memory_is_bounded():
    store = Sessions(max_bytes=100)
    store.put("a", Weight(60))
    store.put("b", Weight(30))
    store.get("a")
    store.put("c", Weight(30))
    assert list(store.kept) == ["a", "c"], "the least recently used leaves"
    store.put("d", Weight(500))
    assert list(store.kept) == ["d"], "the newest stays, whatever it weighs"
    store.put("d", Weight(1))
    store.drop("d")
    assert store.bytes == 0


def test_what_grows_is_weighed_again_unless_its_visitor_left():
    store = Sessions(max_bytes=100)
    a, b = Weight(10), Weight(10)
    store.put("a", a)
    store.put("b", b)
    b.nbytes += 95
    store.weigh_again("b", b)
    assert list(store.kept) == ["b"]
    store.weigh_again("a", a)
    assert list(store.kept) == ["b"]


def test_many_threads():
    store = Sessions(limit=8)
    wrong = []

    def visit(name: str) -> None:
        for _ in range(500):
            store.put(name, name)
            if store.get(name) not in (name, None):
                wrong.append(name)

    threads = [threading.Thread(target=visit, args=(str(i),)) for i in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert len(store.kept) <= 8
