"""A disk whose commits a test holds back or fails."""

from actors.session.journal import JournalUnavailable


class HeldDisk:
    """Commits at once, unless it is told to hold commits back, or to fail them."""

    def __init__(self):
        self.held = []
        self.holding = False
        self.failing = False

    def commit(self, _entries, done):
        self.held.append(done)
        if not self.holding:
            self.let_go()

    def let_go(self):
        """Decide what is held back, and hold nothing any more."""
        self.holding = False
        held, self.held = self.held, []
        for done in held:
            done(JournalUnavailable("no space") if self.failing else None)
