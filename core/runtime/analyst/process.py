"""The analyst as a process of its own: jobs come in through standard input, answers leave.

It ends when its pipe closes, so it never outlives the engine that started it.
"""

import os
import signal
import sys
from typing import BinaryIO, Final

from core.domain.codec import packed, unpacker
from core.domain.jobs import Job
from core.runtime.analyst.port import LENGTH, MAX_MESSAGE
from core.runtime.analyst.work import solved

_NICE: Final = 5
"""The engine goes first where both want the processor."""


def main() -> int:
    """Answer jobs until the pipe closes; return the exit code."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(_NICE)
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as answers:
        # Whatever a library prints must not get between the answers.
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        return serve(sys.stdin.buffer, answers)


def serve(jobs: BinaryIO, answers: BinaryIO) -> int:
    """Answer jobs, one after another, until either end closes."""
    decode = unpacker(Job).decode
    while (body := _read(jobs)) is not None:
        answer = packed(solved(decode(body)))
        try:
            answers.write(LENGTH.pack(len(answer)) + answer)
            answers.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), answers.fileno())
            return 0
    return 0


def _read(jobs: BinaryIO) -> bytes | None:
    """Read one message; None at the end."""
    head = jobs.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    if length > MAX_MESSAGE:
        raise ValueError(f"job of {length} bytes, at most {MAX_MESSAGE} are taken")
    body = jobs.read(length)
    return body if len(body) == length else None


if __name__ == "__main__":
    sys.exit(main())
