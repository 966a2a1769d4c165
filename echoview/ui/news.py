"""What is quietly said of the library: that another desk has changed the open cine, and where it lies."""

from __future__ import annotations

from PySide6.QtCore import QObject

from echoview.ui.judging import Judging
from echoview.ui.widgets import Banner, Message
from echoview.watching import News, Watching
from echoview.workflow import Workflow

_PRICE = "The steps before cannot be undone once it is shown."


class Told(QObject):
    """Between the library and the banner."""

    def __init__(self, workflow: Workflow, judging: Judging, banner: Banner) -> None:
        super().__init__(judging)
        self._workflow, self._banner = workflow, banner
        self._message: Message | None = None
        self.watching = Watching(workflow, self)
        self.watching.changed.connect(self._tell)
        self.watching.said.connect(judging.reviewing.read_record)
        self.watching.passed.connect(self._withdraw)
        workflow.keeping.library_changed.connect(self._tell_place)
        self._tell_place()

    def _tell_place(self) -> None:
        """A network share is slow, and for a few people only: said once."""
        library, settings = self._workflow.library, self._workflow.settings
        if library is not None and library.note and not library.read_only and library.note != settings.share_told:
            self._workflow.remember(share_told=library.note)
            self._banner.say(Message(library.note, "For more than two people a server is better.", False))

    def _tell(self, news: News) -> None:
        self._withdraw()
        price = _PRICE if self._workflow.session.undo_stack.count() else ""
        self._message = Message(news.words, price, False, "Show", self._workflow.keeping.read_again)
        self._banner.say(self._message)

    def _withdraw(self) -> None:
        if self._message is not None:
            self._banner.withdraw(self._message)
            self._message = None
