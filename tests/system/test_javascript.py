"""The client library for JavaScript in Node.js against a real server; docs/javascript.md shows what runs here."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.system.pages import refusal
from tests.system.process import ROOT

pytestmark = pytest.mark.system

PAGE = (ROOT / "docs" / "javascript.md").read_text()
LIBRARY = ROOT / "server" / "static" / "greenroom.js"
PACKAGES = ROOT / "tests" / "system" / "judges" / "node_modules"
PROLOGUE = """
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import WebSocket from "ws";
import { Greenroom, MemoryStorage } from "./greenroom.js";
"""


def shown(language: str) -> str:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)[0]


@pytest.fixture
def package(tmp_path) -> Path:
    """A package with the library and `ws`."""
    shutil.copy(LIBRARY, tmp_path)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "node_modules").symlink_to(PACKAGES)
    return tmp_path


def run(package: Path, code: str) -> list[str]:
    """Run a program to its end, and return the lines that it printed."""
    (package / "main.js").write_text(code)
    done = subprocess.run(["node", "main.js"], cwd=package, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_the_program_of_the_documentation_prints_the_stages_and_the_answer(server, package):
    lines = run(package, shown("javascript").replace("http://127.0.0.1:8765", server.url))

    assert lines[0] == "librarian started"
    assert lines[1].startswith("thinking: ")
    assert lines[2] == "using calculator"
    assert re.fullmatch(r"calculator took \d+ ms", lines[3])
    assert lines[4] == "17% of 2,340 is 397.8."


def test_the_page_of_the_documentation_writes_the_answer(server, people):
    # The server's policy lets no page of its own hold a script; the page of the documentation is somebody else's.
    person = people(server, bypass_csp=True)
    person.expect(refusal(404))
    page = person.open("/healthz")
    page.set_content(shown("html"))

    expect(page.locator("#answer")).to_have_text("17% of 2,340 is 397.8.")


def test_what_a_process_could_not_send_is_sent_once_by_the_next(server, package, session):
    """The storage outlives the process; the server has the message on record, but the process never heard so."""
    storage = """
        class FileStorage extends MemoryStorage {
            constructor() {
                super();
                const kept = existsSync("kept.json") ? JSON.parse(readFileSync("kept.json")) : [];
                for (const [key, value] of kept) super.setItem(key, value);
            }
            #keep() {
                const keys = Array.from({ length: this.length }, (_, index) => this.key(index));
                writeFileSync("kept.json", JSON.stringify(keys.map((key) => [key, this.getItem(key)])));
            }
            setItem(key, value) { super.setItem(key, value); this.#keep(); }
            removeItem(key) { super.removeItem(key); this.#keep(); }
        }
    """
    options = f'{{ url: "{server.url}", WebSocket, storage: new FileStorage() }}'
    run(
        package,
        PROLOGUE
        + storage
        + f"""
        const client = new Greenroom({options});
        await client.login("demo", "demo");
        client.subscribe("{session}", {{ after: {{ seq: 0 }} }});
        client.on("message_accepted", () => process.exit(0));  // Before the acknowledgement could be noted.
        client.connect();
        client.send("what is 2 + 2?", {{ sessionId: "{session}" }});
        """,
    )
    lines = run(
        package,
        PROLOGUE
        + storage
        + f"""
        const client = new Greenroom({options});
        console.log(client.user.username, client.outgoing.length);
        client.on("outbox", (messages) => {{
            console.log(messages.length);
            client.close();
        }});
        client.connect();
        """,
    )

    assert lines == ["demo 1", "0"]
    accepted = [event for event in server.events(server.known("demo"), session) if event["type"] == "message_accepted"]
    assert len(accepted) == 1


def test_a_refused_message_waits_for_a_decision(server, package, session):
    lines = run(
        package,
        PROLOGUE
        + f"""
        const client = new Greenroom({{ url: "{server.url}", WebSocket }});
        await client.login("demo", "demo");
        client.connect();
        const hang = JSON.stringify({{ steps: [{{ hang: true }}] }});
        const {{ run_id }} = await client.send(hang, {{ sessionId: "{session}", agent: "rehearsal" }});
        try {{
            await client.send("again", {{ sessionId: "{session}", onBusy: "reject" }});
        }} catch (error) {{
            console.log(error.name, error.code, client.outgoing[0].problem.code);
        }}
        console.log((await client.cancel({{ sessionId: "{session}" }})).run_id === run_id);
        const completed = new Promise((resolve) => client.on("agent_completed", resolve));
        client.resend(client.outgoing[0].client_msg_id);
        await completed;
        console.log(client.outgoing.length);
        try {{
            await client.send("x".repeat(70_000));
        }} catch (error) {{
            console.log(error.code);
        }}
        try {{
            await client.subscribe("s_never_was");
        }} catch (error) {{
            console.log(error.code);
        }}
        await client.logout();
        console.log(client.user, client.state.state);
        """,
    )

    assert lines == ["Refused busy busy", "true", "0", "too_large", "not_found", "null idle"]
