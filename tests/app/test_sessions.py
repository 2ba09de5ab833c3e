"""The store of visitors' analyses: theirs alone, bounded in number and age."""

import threading
import time

from app.sessions import Sessions


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
