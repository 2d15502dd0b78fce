"""The plugin fails the tests that leave something behind, each for what it left."""

pytest_plugins = ["pytester"]

LEAKY = """
    import pytest
    from gevent.event import Event
    from actors.runtime.actor import Actor
    from actors.testing import IgnoresShutdown, Probe, settle

    def test_leaks_nothing(runtime):
        Probe(runtime).ref.tell("anything")

    def test_leaks_a_greenlet(runtime):
        runtime.start(IgnoresShutdown, Event()).tell("anything")

    def test_leaks_an_actor(runtime):
        class Undying(Actor):
            def on_terminate(self, reason):
                self.runtime.start(Undying)
        runtime.start(Undying)

    def make_a_dead_letter(runtime):
        runtime.dead_letter("nobody", "a message")

    def test_makes_a_dead_letter(runtime):
        make_a_dead_letter(runtime)

    @pytest.mark.dead_letters
    def test_makes_an_expected_dead_letter(runtime):
        make_a_dead_letter(runtime)
"""


def test_each_leak_fails_the_test_that_made_it(pytester):
    pytester.makepyfile(LEAKY)
    outcome = pytester.runpytest_subprocess("-q", "-p", "no:cacheprovider")
    outcome.assert_outcomes(passed=5, errors=3)
    outcome.stdout.fnmatch_lines(
        [
            "*ERROR at teardown of test_leaks_a_greenlet*",
            "*greenlet of <Cell ignoresshutdown-1*",
            "*ERROR at teardown of test_leaks_an_actor*",
            "*actor undying-2*",
            "*ERROR at teardown of test_makes_a_dead_letter*",
            "*1 dead letters str to nobody*",
        ]
    )
