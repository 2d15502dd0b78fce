"""What is shipped, and that its rooms keep their floors."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SHIPPED = {"actors", "config", "server"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    # A copy: setuptools keeps a build folder beside the sources, with modules that are long gone.
    tree = tmp_path_factory.mktemp("tree")
    for package in SHIPPED:
        shutil.copytree(ROOT / package, tree / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tree), str(tree)]
    subprocess.run(command, check=True, capture_output=True)
    return zipfile.ZipFile(next(tree.glob("greenroom-*.whl")))


def test_the_wheel_ships_the_three_packages_and_nothing_else(wheel):
    top = {name.split("/")[0] for name in wheel.namelist()}
    assert {name for name in top if not name.endswith(".dist-info")} == SHIPPED


def test_the_wheel_ships_every_module_and_both_pages(wheel):
    shipped = set(wheel.namelist())
    sources = [path for package in SHIPPED for path in (ROOT / package).rglob("*.py")]
    static = [path for path in (ROOT / "server" / "static").rglob("*") if path.is_file()]
    assert {str(path.relative_to(ROOT)) for path in [*sources, *static]} <= shipped


def test_the_wheel_ships_the_pages_that_a_demo_answers_from(wheel):
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    assert {f"server/manual/{page.relative_to(ROOT)}" for page in pages} <= set(wheel.namelist())


def test_the_import_contracts_are_kept():
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-logo"], cwd=ROOT, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout.decode()


def test_the_one_monkey_patch_is_the_first_line_of_the_entry():
    patches = [
        path for package in SHIPPED for path in (ROOT / package).rglob("*.py") if "patch_all(" in path.read_text()
    ]
    assert [path.relative_to(ROOT).as_posix() for path in patches] == ["server/__main__.py"]
    lines = [line for line in patches[0].read_text().splitlines() if line and not line.startswith(('"""', "#"))]
    assert lines[0].startswith("from gevent import monkey")


def test_a_server_without_a_model_does_not_wait_for_the_library_of_models():
    imported = "import sys, server.cli, server.app; sys.exit('openai' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", imported], cwd=ROOT, check=False).returncode == 0


def test_the_client_library_comes_without_the_server():
    heavy = "{'gevent', 'pykka', 'flask', 'pydantic', 'prompt_toolkit', 'server.app', 'actors.runtime.runtime'}"
    imported = f"import sys, server.client; sys.exit(bool({heavy} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", imported], cwd=ROOT, check=False).returncode == 0
