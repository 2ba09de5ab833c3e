"""A full disk and a folder that is not writable: the sentence names the folder and says what to do."""

import errno
import os

import pytest

from cternet.disk import WriteError, writing


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "the disk is full: free some space at /data/runs, or choose another --out"),
        (errno.EDQUOT, "the disk is full: free some space at /data/runs, or choose another --out"),
        (
            errno.EROFS,
            "/data/runs is not writable .Read-only.*: grant write permission, or choose another",
        ),
        (errno.EACCES, "/data/runs is not writable .*Permission denied"),
        (errno.EIO, r"/data/runs cannot be written to \(Input/output error\): check that it exists and works, or choose"),
    ],
)
def test_every_trouble_has_its_sentence(number, words):
    with pytest.raises(WriteError, match=words), writing("/data/runs"):
        raise OSError(number, os.strerror(number))


def test_the_outermost_knows_what_the_person_can_do():
    with (
        pytest.raises(WriteError, match=r"space at /srv, or start it elsewhere$"),
        writing("/srv", "start it elsewhere"),
        writing("/srv/photos"),
    ):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_an_error_without_a_number_keeps_its_words():
    with pytest.raises(WriteError, match=r"a/b cannot be written to \(the arrow broke\)"), writing("a/b"):
        raise OSError("the arrow broke")
