"""``greenroom chat``: a person at a real terminal, and scripts without one, with a real server."""

import http.server
import json
import re
import signal
import subprocess
import sys
import threading

import pytest

from tests.system.certificates import make_certificate, trusting
from tests.system.process import ROOT, environment, lasting_port
from tests.system.terminal import Terminal, terminal

pytestmark = pytest.mark.system

GREENROOM = (sys.executable, "-m", "server")


def script(*steps):
    return json.dumps({"steps": steps})


@pytest.fixture
def chat(tmp_path):
    """Start a chat at a terminal, logged in."""
    opened = []

    def start(server, *flags, user="demo", **settings) -> Terminal:
        command = (*GREENROOM, "chat", "--url", server.url, "--user", user, "--new", *flags)
        context = terminal(*command, home=tmp_path, **settings)
        screen = context.__enter__()
        opened.append(context)
        screen.see("Password of")
        screen.type(f"{user}\r")
        screen.see("Connected")
        return screen

    yield start
    for context in opened:
        context.__exit__(None, None, None)


def piped(text, *flags, **settings):
    """Run a chat in a session of its own, which has no terminal."""
    return subprocess.run(
        [*GREENROOM, "chat", *flags],
        input=text,
        env=environment(**settings) | {"PYTHONWARNINGS": "error"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        start_new_session=True,
        check=False,
    )


def in_order(text, *patterns):
    places = [text.find(pattern) for pattern in patterns]
    assert -1 not in places, text
    assert places == sorted(places), text


# At a terminal.


def test_a_question_is_answered_and_everything_on_the_way_is_shown_in_its_order(server, chat):
    screen = chat(server)

    screen.type("what is 12*7?\r")
    screen.see("■ done after")

    shown = (
        "> what is 12*7?",
        "● librarian started",
        "… This is a sum",
        "▸ calculator(",
        "✓ calculator",
        "12*7 is 84.",
    )
    in_order(screen.text, *shown, "■ done")
    screen.control("d")
    assert screen.ended() == 0


def test_an_answer_is_seen_while_it_is_written_and_once_when_it_is_done(server, chat):
    screen = chat(server, "--agent", "rehearsal")

    screen.type(script({"say": "# Title\n\nten **bold** words ", "chunks": 10, "every_ms": 100}) + "\r")

    # As it is written: the source, below.
    screen.see(r"^ten \*\*bo")
    assert "■ done" not in screen.text
    screen.see("■ done after")
    screen.until(lambda text: "**" not in text.partition("■ done")[0].rpartition("started")[2], "it stayed unfinished")
    assert screen.text.partition("rehearsal started")[2].count("ten bold words") == 1


def test_a_silent_run_shows_what_it_waits_on_and_for_how_long(server, chat):
    screen = chat(server, "--agent", "rehearsal")

    screen.type(script({"tool": "wait", "arguments": {"seconds": 2}}) + "\r")

    screen.see(r"using wait  1\.\d s")
    screen.see("✓ wait returned in 2")


def test_ctrl_c_cancels_the_run_and_another_one_leaves(server, chat):
    screen = chat(server, "--agent", "rehearsal")
    screen.type(script({"hang": True}) + "\r")
    screen.see("working")

    screen.control("c")
    screen.see("■ stopped after")
    screen.type("still here")
    screen.see("> still here")
    screen.control("c")  # It takes back what was typed.
    screen.until(lambda text: "still here" not in text, "the line stayed")

    screen.control("c")
    assert screen.ended() == 0


def test_a_server_that_is_killed_in_mid_answer_leaves_one_continuous_story(launch, chat):
    server = launch("--demo", "--port", str(lasting_port()))
    screen = chat(server, "--agent", "rehearsal")
    words = [f"word{number}" for number in range(20)]
    steps = ({"think": "once upon a time"}, {"say": " ".join(words), "chunks": 20, "every_ms": 100})
    screen.type(script(*steps) + "\r")
    screen.see("^word0 .*word5 ")

    server.kill()
    screen.see(r"not connected, trying again in \d+ s")
    server.start()
    screen.see("connected again")
    screen.see("■ done after")
    screen.control("d")
    assert screen.ended() == 0

    story = screen.text.partition("● rehearsal started")[2]
    in_order(story, "once upon a time", "connection was lost", "connected again", "attempt 2", "word0 ", "■ done after")
    assert [len(re.findall(rf"\b{word}\b", story)) for word in words] == [1] * 20, story
    for once in ("connection was lost", "connected again", "↻ the agent was restarted", "■ done after"):
        assert story.count(once) == 1, story
    assert story.count("once upon a time") == 2, story  # A thought of each attempt.


def test_sessions_are_listed_made_and_changed_and_the_queue_is_shown(launch, chat):
    server = launch("--demo")  # Of its own: what others made would fill the screen.
    screen = chat(server, "--agent", "rehearsal", user="demo2")

    screen.type("/new holidays\r")
    session_id = screen.see(r"(?s)this is session s_\w+.*this is session (s_\w+)")[1]
    screen.type("/sessions\r")
    screen.see(f"→ .*{session_id}  holidays .*idle")
    screen.type(script({"hang": True}) + "\r")
    screen.see("working")
    screen.type(script({"answer": "later"}) + "\r")
    screen.see("1 queued")
    screen.type("/queue\r")
    screen.see("^ *1 .*later")
    screen.type("/queue drop 1\r")
    screen.see("■ taken out of the queue")
    screen.type("/stop\r")
    screen.see("■ stopped after")
    screen.type("/nonsense\r")
    screen.see("/help lists")
    screen.type("/help\r")
    screen.see("/sessions +list your sessions")


def test_what_was_typed_before_is_at_hand_the_next_time(server, chat):
    screen = chat(server)
    screen.type("what is 6*7?\r")
    screen.see("■ done")
    screen.control("d")
    assert screen.ended() == 0

    again = chat(server)
    again.type("\x1b[A")
    again.see("^> what is 6\\*7\\?")


def test_what_a_terminal_would_obey_is_shown_and_not_done(server, chat):
    screen = chat(server, "--agent", "rehearsal")

    screen.type(script({"think": "\x1b]0;stolen\x07\x1b[2J"}, {"answer": "\x1b[2Jgone"}) + "\r")
    screen.see("■ done")

    assert "\\x1b]0;stolen" in screen.text
    assert "\\x1b[2Jgone" in screen.text
    assert "Connected" in screen.text


def test_a_wrong_password_is_told_plainly(server, tmp_path):
    with terminal(*GREENROOM, "chat", "--url", server.url, "--user", "demo", home=tmp_path) as screen:
        screen.see("Password of demo")
        screen.type("guess\r")
        screen.see("password is wrong")
        screen.see("Check --user")
        assert screen.ended() == 1
        assert "guess" not in screen.text


def test_who_comes_back_sees_what_was_said_last_and_what_is_being_worked_on(server, chat, tmp_path):
    screen = chat(server, "--agent", "rehearsal")
    session_id = screen.see(r"this is session (s_\w+)")[1]
    screen.type(script({"answer": "an *old* answer"}) + "\r")
    screen.see("■ done")
    screen.type(script({"say": "half of"}, {"hang": True}) + "\r")
    screen.see("^half of$")
    screen.control("d")
    assert screen.ended() == 0

    command = (*GREENROOM, "chat", "--url", server.url, "--session", session_id)
    with terminal(*command, home=tmp_path, PASSWORD="demo") as again:
        again.see("^an old answer$")
        again.see("^half of$")
        again.control("c")
        again.see("■ stopped after")


def test_a_session_that_is_not_there_is_told_plainly(server, tmp_path):
    command = (*GREENROOM, "chat", "--url", server.url, "--session", "s_unknown")
    with terminal(*command, home=tmp_path, PASSWORD="demo") as screen:
        assert screen.ended() == 1
        assert "no such session" in screen.text.lower()


def test_a_pipe_at_a_terminal_asks_for_the_password_there(server, tmp_path):
    command = f"echo '6*7' | {sys.executable} -m server chat --url {server.url}"
    with terminal("bash", "-c", command, home=tmp_path) as screen:
        screen.see("Password of demo")
        screen.type("demo\r")
        screen.see("^6\\*7 is 42.$")
        assert screen.ended() == 0


# Without one.


def test_a_script_gets_the_answer_on_standard_output_and_events_on_standard_error(server):
    done = piped("12*7", "--url", server.url, "--user", "demo")

    assert (done.returncode, done.stdout) == (0, "12*7 is 84.\n"), done
    in_order(done.stderr, "> 12*7", "librarian started", "▸ calculator", "✓ calculator", "■ done")


def test_a_script_is_told_by_the_status_that_there_is_no_good_answer(server):
    done = piped(script({"crash": "no"}), "--url", server.url, "--agent", "rehearsal", PASSWORD="demo")

    assert (done.returncode, done.stdout) == (1, ""), done
    assert "■ failed after" in done.stderr


def test_a_script_that_is_interrupted_cancels_what_it_asked_for(server):
    process = subprocess.Popen(
        [*GREENROOM, "chat", "--url", server.url, "--new", "--agent", "rehearsal"],
        env=environment(PASSWORD="demo"),
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    process.stdin.write(script({"hang": True}))
    process.stdin.close()
    while "started" not in process.stderr.readline():
        assert process.poll() is None

    process.send_signal(signal.SIGINT)

    with process.stdout, process.stderr:
        assert "stopping" in process.stderr.read()
        assert (process.wait(30), process.stdout.read()) == (130, "")
    login = server.known("demo")
    assert "running" not in {session["state"] for session in server.sessions(login)}


def test_a_script_may_give_the_password_on_the_first_line(server):
    done = piped("demo2\n6*7\n", "--url", server.url, "--user", "demo2", "--password-stdin")

    assert (done.returncode, done.stdout) == (0, "6*7 is 42.\n"), done


@pytest.fixture
def stranger():
    """Something that speaks HTTP, and isn't Greenroom."""
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler) as other:
        thread = threading.Thread(target=other.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{other.server_port}"
        other.shutdown()
        thread.join()


def test_what_is_wrong_is_told_with_what_to_do(server, stranger, tmp_path):
    nobody = f"http://127.0.0.1:{lasting_port()}"
    secure = server.url.replace("http", "https")

    for url, said, status in [
        (nobody, "is the server running there?", 1),
        (secure, "is it http, not https?", 1),
        (stranger, "isn't Greenroom; check the address", 1),
        ("ftp://127.0.0.1", "must look like http://127.0.0.1:8765", 2),
    ]:
        done = piped("hello", "--url", url, PASSWORD="demo")
        assert (done.returncode, done.stdout) == (status, ""), done
        assert said in done.stderr
        assert "Traceback" not in done.stderr
    assert piped("", "--url", server.url, PASSWORD="demo").returncode == 2
    assert "password is wrong" in piped("hello", "--url", server.url, PASSWORD="guess").stderr


def test_a_certificate_that_nobody_vouches_for_is_refused_and_one_that_is_named_is_good(launch, tmp_path):
    certificate, key = make_certificate(tmp_path)
    toml = f'[tls]\ncertificate = "{certificate}"\nkey = "{key}"\n'
    server = launch("--demo", toml=toml, trust=trusting(certificate))
    asked = ("6*7", "--url", server.url, "--user", "demo")

    refused = piped(*asked)
    trusted = subprocess.run(
        [*GREENROOM, "chat", *asked[1:]],
        input=asked[0],
        env=environment(PASSWORD="demo") | {"SSL_CERT_FILE": str(certificate)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert refused.returncode == 1
    assert "can't be trusted" in refused.stderr
    assert "SSL_CERT_FILE" in refused.stderr
    assert trusted.stdout == "6*7 is 42.\n", trusted
