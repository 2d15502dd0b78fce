"""The tool that reads a page of the web. It is off unless the setting `tools` names it."""

from typing import Annotated, TypedDict

from msgspec import Meta

from actors.tools.tool import tool
from actors.tools.web.fetcher import MAX_URL, Fetcher


class WebPage(TypedDict):
    """A page: where it was found in the end, its title, and what it says."""

    url: str
    title: str
    text: str


# In a process of its own: a stranger's HTML may take the parser as long as it likes.
@tool(isolation="process", timeout=25, idempotent=True)
def fetch_url(url: Annotated[str, Meta(max_length=MAX_URL)]) -> WebPage:
    """Read a page of the public web: its title and its text, cut off where it is long.

    Args:
        url: the page's address, with http:// or https://.
    """
    found = Fetcher().fetch(url)
    return WebPage(url=found.url, title=found.title, text=found.text)
