"""The hooks of mkdocs: pages that are written to be read in the repository become pages of a site.

README.md, which lies above the others, is the first page. A link to another file of the repository stays as its text,
and must name one that exists. A paragraph that is nothing but a link to a file in deploy/ is followed by what is in it.
"""

import logging
import os
import re
from collections.abc import Callable
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
DOCS = ROOT / "docs"

_FENCE = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[([^\]]+)\]\((?![a-z]+:|#)([^)#\s]+)(#[^)\s]*)?\)")
_SHOWN = re.compile(r"^\[[^\]]+\]\((deploy/[^)]+)\)$", re.MULTILINE)
_LANGUAGES = {"Dockerfile": "docker", ".conf": "nginx", ".service": "ini"}

log = logging.getLogger("mkdocs.hooks.pages")  # A warning here ends a strict build.


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the first page."""
    files.append(File.generated(config, "index.md", content=README.read_text()))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001 - by name
    """Return a page's text with links as the site has them, and with the files that it shows."""
    source = README if page.file.src_uri == "index.md" else DOCS / page.file.src_uri
    parts = _FENCE.split(markdown)
    parts[::2] = [_LINK.sub(_resolved(source), _SHOWN.sub(_shown, part)) for part in parts[::2]]
    return "".join(parts)


def _resolved(source: Path) -> Callable[[re.Match[str]], str]:
    def resolve(link: re.Match[str]) -> str:
        text, path, anchor = link.groups(default="")
        target = Path(os.path.normpath(source.parent / path))
        if target == README:
            target = DOCS / "index.md"
        if not target.is_relative_to(DOCS):
            if not target.exists():
                log.warning("%s links to %s, which isn't there", source.relative_to(ROOT), path)
            return text
        # README.md's place on the site is among the others.
        here = DOCS if source == README else source.parent
        return f"[{text}]({os.path.relpath(target, here)}{anchor})"

    return resolve


def _shown(link: re.Match[str]) -> str:
    path = Path(link[1])
    language = _LANGUAGES.get(path.suffix or path.name, "text")
    file = DOCS / path
    content = file.read_text() if file.exists() else ""
    return f"{link[0]}\n\n```{language}\n{content}```"
