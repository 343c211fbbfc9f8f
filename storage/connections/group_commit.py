"""One commit for many on SQLite: whoever waits for the writer at the same time shares its transaction.

SQLite has one writer, and what takes time is the commit, not the work. So the first one begins, each
further one works in a savepoint of its own, and the last (nobody waits any more, or enough are in)
commits for all; each goes on only after that commit. One alone waits for nobody.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection

MOST = 64  # messages, or transactions, in one commit
PATIENCE = 30.0  # seconds that one waits for its turn within this process

Result = TypeVar("Result")


class Waited(Exception):
    """The turn did not come in time."""


class CommitFailed(Exception):
    """The shared transaction was lost: nothing of it was written."""


class Tickets:
    """A lock that is handed on in the order of asking, so that nobody starves."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._holder: int | None = None

    def acquire(self, timeout: float = PATIENCE) -> None:
        """Wait for the turn.

        Raises:
            Waited: it did not come in time.
            RuntimeError: this thread holds it already and would wait for itself.
        """
        me = threading.get_ident()
        with self._guard:
            if self._holder is None:
                self._holder = me
                return
            if self._holder == me:
                raise RuntimeError("a transaction inside a transaction")
            turn = threading.Event()
            self._waiting.append(turn)
        try:
            came = turn.wait(timeout)
        except BaseException:
            self._give_up(turn)
            raise
        with self._guard:
            if not came and not turn.is_set():
                self._waiting.remove(turn)
                raise Waited
            self._holder = me

    def _give_up(self, turn: threading.Event) -> None:
        with self._guard:
            if not turn.is_set():
                self._waiting.remove(turn)
                return
        self.release()

    @property
    def wanted(self) -> bool:
        """Whether somebody waits; who gives up in that moment may be counted."""
        return bool(self._waiting)

    def hand_on(self) -> bool:
        """Give the turn to the next who waits; False, and it is kept, when nobody does."""
        with self._guard:
            if not self._waiting:
                return False
            self._holder = 0  # no thread's: it is on its way
            self._waiting.popleft().set()
            return True

    def release(self) -> None:
        """Give the turn to the next who waits, or to nobody."""
        with self._guard:
            self._holder = 0 if self._waiting else None
            if self._waiting:
                self._waiting.popleft().set()


class _Group:
    """One transaction and who is in it."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.transaction = connection.begin()
        self.members = 0
        self.failed: str | None = None
        self.cause: BaseException | None = None  # of the failure
        self.over: threading.Event | None = None  # only where somebody waits for another one's commit


class GroupCommit:
    """The way to one engine's writer."""

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self._connect = connect
        self._tickets = Tickets()
        self._group: _Group | None = None

    @contextmanager
    def transaction(self, alone: bool = False) -> Iterator[Connection]:
        """Run the block, alone or with those who wait at the same time; it is committed afterwards.

        `alone` is for work that takes long: nobody waits for it with something finished. An exception
        undoes what the block did and nothing else.

        Raises:
            Waited: the turn did not come.
            CommitFailed: the commit, or another member, lost the transaction.
        """
        self._tickets.acquire()
        try:
            if alone:
                self._end()
            group = self._group = self._group or self._open()
        except BaseException:
            self._tickets.release()
            raise
        try:
            if group.members:
                with savepoint(group.connection):
                    yield group.connection
            else:
                yield group.connection
        except BaseException as error:
            if not group.members or lost(group.connection):
                self._undo("another message lost the transaction", error)
                self._tickets.release()
            else:
                self._leave(alone)
            raise
        group.members += 1
        self._leave(alone)
        if group.over is not None:
            group.over.wait()
        if group.failed is not None:
            raise CommitFailed(group.failed) from group.cause

    def _open(self) -> _Group:
        connection = self._connect()
        try:
            return _Group(connection)
        except BaseException:
            connection.close()
            raise

    def _leave(self, alone: bool) -> None:
        """Let the next one in, or commit when there is none."""
        group = self._group
        if group and not alone and group.members < MOST and self._tickets.wanted:
            group.over = group.over or threading.Event()
            if self._tickets.hand_on():
                return
        try:
            self._end()
        finally:
            self._tickets.release()

    def _end(self) -> None:
        """Commit for everybody in the group; how it went they find in it."""
        group = self._group
        if group is None:
            return
        try:
            group.transaction.commit()
        except Exception as error:  # noqa: BLE001 - undone, and told to who waits
            self._undo(type(error).__name__, error)
        except BaseException as error:
            self._undo("interrupted", error)
            raise
        else:
            self._close(group)

    def _undo(self, why: str, cause: BaseException) -> None:
        group = self._group
        if group is None:
            raise LookupError("nothing is under way")
        group.failed, group.cause = why, cause
        try:
            group.transaction.rollback()
        except Exception:  # noqa: BLE001 - the connection is of no use any more
            group.connection.invalidate()
        self._close(group)

    def _close(self, group: _Group) -> None:
        self._group = None
        try:
            group.connection.close()
        finally:
            if group.over is not None:
                group.over.set()


def driver(connection: Connection) -> Any:
    """The driver's own connection."""
    return connection.connection.driver_connection


def lost(connection: Connection) -> bool:
    """Whether SQLite gave up the whole transaction, as it does when the disk fails it."""
    return connection.invalidated or not driver(connection).in_transaction


@contextmanager
def savepoint(connection: Connection) -> Iterator[Connection]:
    """Run the block in a savepoint: an exception undoes it, and nothing before it.

    SQLite only, said to the driver itself: SQLAlchemy's nested transactions cost ten times as much.

    Raises:
        CommitFailed: the transaction around it is lost already.
    """
    raw = driver(connection)
    if not raw.in_transaction:  # else it would be a transaction of its own
        raise CommitFailed("transaction lost")
    raw.execute("SAVEPOINT message")
    try:
        yield connection
    except BaseException:
        if raw.in_transaction:
            raw.execute("ROLLBACK TO message")
            raw.execute("RELEASE message")
        raise
    raw.execute("RELEASE message")


class _Task(Generic[Result]):
    """Something to write, and who waits for it."""

    def __init__(self, work: Callable[[Connection], Result]) -> None:
        self.work = work
        self.future: Future[Result] = Future()
        self.result: Result | None = None
        self.error: BaseException | None = None

    def run(self, connection: Connection) -> None:
        """Do it; what came of it is told later, after the commit."""
        try:
            self.result = self.work(connection)
        except BaseException as error:  # noqa: BLE001 - handed to who waits
            self.error = error

    def tell(self, failed: BaseException | None) -> None:
        """Tell the one who waits."""
        if failed is None and self.error is None:
            self.future.set_result(self.result)  # type: ignore[arg-type]
        else:
            self.future.set_exception(failed or self.error)


class Writer:
    """A thread that takes what is to be written in the order it came, and commits it together."""

    def __init__(self, begin: Callable[[], Any]) -> None:
        self._begin = begin  # the transaction, as a context manager
        self._tasks: queue.SimpleQueue[_Task[Any] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name="writer", daemon=True)
        self._guard = threading.Lock()
        self._closed = False

    def submit(self, work: Callable[[Connection], Result]) -> Future[Result]:
        """Queue the work; the future is done after its commit.

        The work undoes itself when it raises (`savepoint`): others are in the same transaction.

        Raises:
            RuntimeError: it was closed.
        """
        task = _Task(work)
        with self._guard:
            if self._closed:
                raise RuntimeError("the writer was closed")
            self._tasks.put(task)
            if self._thread.ident is None:
                self._thread.start()
        return task.future

    def close(self) -> None:
        """Wait for what was queued; nothing is taken afterwards."""
        with self._guard:
            self._closed = True
            self._tasks.put(None)
        if self._thread.ident is not None:
            self._thread.join()

    def _serve(self) -> None:
        while (first := self._tasks.get()) is not None:
            self._together(first)

    def _together(self, first: _Task[Any]) -> None:
        done: list[_Task[Any]] = []
        failed: BaseException | None = None
        try:
            with self._begin() as connection:
                for task in self._waiting(first):
                    if task.future.set_running_or_notify_cancel():
                        done.append(task)
                        task.run(connection)
                        if lost(connection):
                            raise CommitFailed("transaction lost") from task.error
        except BaseException as error:  # noqa: BLE001 - handed to who waits
            failed = error
            if not done:  # not even begun: nor would it for those behind
                done = [t for t in self._waiting(first) if t.future.set_running_or_notify_cancel()]
        for task in done:
            task.tell(failed)

    def _waiting(self, first: _Task[Any]) -> Iterator[_Task[Any]]:
        yield first
        for _ in range(MOST - 1):
            try:
                task = self._tasks.get_nowait()
            except queue.Empty:
                return
            if task is None:
                self._tasks.put(None)  # to end with, after this commit
                return
            yield task
