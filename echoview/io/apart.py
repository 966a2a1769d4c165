"""A process of its own for the decoder that damaged bytes can hang: JPEG-LS, see docs/adr/0008."""

from __future__ import annotations

import multiprocessing
import signal
import threading
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

LIMIT_S = 3.0  # for one frame; sound ones of 640 × 480 take a hundredth of it
_START_S = 60.0  # a busy machine, a virus scanner that looks at every library


class JpegLs:
    """The process, started by the first call and replaced when it hangs or dies. Safe to use from several threads."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._child: tuple[SpawnProcess, Connection] | None = None

    def decode(self, stored: bytes) -> tuple[bytes, int]:
        """The values of one JPEG-LS frame in little-endian bytes, and its interleave mode (0: plane by plane).

        Raises:
            ValueError: damaged, or not done within `LIMIT_S`.
        """
        with self._turn:
            if self._child is None or not self._child[0].is_alive():
                self._child = _start()
            _, pipe = self._child
            try:
                pipe.send_bytes(stored)
                answer = pipe.recv() if pipe.poll(LIMIT_S) else None
            except (OSError, EOFError):
                answer = None
            if answer is None:
                self._end()
                raise ValueError("the decoder hangs or has died of it")
        if isinstance(answer, str):
            raise ValueError(answer)
        return answer

    def _end(self) -> None:
        assert self._child is not None
        process, pipe = self._child
        self._child = None
        process.kill()
        process.join()
        pipe.close()


def _start() -> tuple[SpawnProcess, Connection]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs,), name="decoder", daemon=True)
    process.start()
    theirs.close()
    if not ours.poll(_START_S):
        process.kill()
        raise ValueError("the decoder's process does not start")
    ours.recv()
    return process, ours


def serve(pipe: Connection) -> None:
    """The life of the process: bytes in, values or a reason out, until the other end is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the program that started this one
    import jpeg_ls

    pipe.send("ready")
    while True:
        try:
            stored = pipe.recv_bytes()
        except (EOFError, OSError):
            return
        try:
            values, info = jpeg_ls.decode_pixel_data(stored)
            pipe.send((bytes(values), int(info["interleave_mode"])))
        except Exception as error:
            pipe.send(f"damaged: {type(error).__name__}")


jpeg_ls_apart = JpegLs()
