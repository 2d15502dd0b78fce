"""The site that scripts/docs makes of README.md and docs/."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

ROOT = Path(__file__).parent.parent
LOADED = {"script": "src", "img": "src", "iframe": "src", "link": "href", "source": "src"}
"""The tags for which a browser fetches something unasked, and the attribute that says what."""


def build(project: Path, site: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(site)]
    quiet = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    return subprocess.run(command, cwd=project, env=quiet, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    site = tmp_path_factory.mktemp("site")
    done = build(ROOT, site)
    assert done.returncode == 0, done.stderr
    return site


@pytest.fixture
def project(tmp_path):
    """A copy of what the site is made of, to be spoilt."""
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    for name in ("README.md", "mkdocs.yml", "scripts/pages.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def test_every_page_is_there_with_the_readme_first(site):
    pages = {path.relative_to(ROOT / "docs").with_suffix(".html") for path in (ROOT / "docs").rglob("*.md")}
    built = {path.relative_to(site) for path in site.rglob("*.html")}
    assert built == {*pages, Path("index.html"), Path("404.html")}
    assert "A session server for AI agents" in (site / "index.html").read_text()


def test_a_page_fetches_nothing_from_another_host(site):
    for page in site.rglob("*.html"):
        soup = BeautifulSoup(page.read_text(), "html.parser")
        fetched = [tag.get(attribute, "") for name, attribute in LOADED.items() for tag in soup.find_all(name)]
        assert len(fetched) > 3
        assert [address for address in fetched if "//" in address] == [], page
        assert soup.select(".mermaid, pre.mermaid") == [], "it would be drawn by a script of another host"
    for sheet in site.rglob("*.css"):
        assert "url(http" not in sheet.read_text()
        assert "url(//" not in sheet.read_text()


def test_files_for_deployment_are_shown_where_they_are_linked(site):
    shown = BeautifulSoup((site / "operate.html").read_text(), "html.parser").get_text()
    for path in (ROOT / "docs" / "deploy").iterdir():
        assert path.read_text() in shown, path.name
        assert (site / "deploy" / path.name).read_text() == path.read_text()


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("docs/start.md", "[a page](nowhere.md)", "nowhere.md"),
        ("docs/start.md", "[an anchor](operate.md#nowhere)", "#nowhere"),
        ("docs/start.md", "[a file](../server/nowhere.py)", "../server/nowhere.py"),
        ("docs/decisions/outage.md", "[the first page](../../README.md#nowhere)", "#nowhere"),
        ("README.md", "[a page](docs/nowhere.md)", "'nowhere.md'"),
        ("docs/start.md", "![a picture](pictures/nowhere.svg)", "nowhere.svg"),
        ("docs/lost.md", "# A page that nobody finds", "lost.md"),
    ],
)
def test_what_leads_nowhere_fails_the_build(project, name, text, told):
    with (project / name).open("a") as page:
        page.write(f"\n{text}\n")
    done = build(project, project / "site")
    assert done.returncode == 1
    assert told in done.stderr
    assert done.stderr.count("WARNING") == 1
