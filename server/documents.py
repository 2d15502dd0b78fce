"""The folder of documents that the settings name."""

from collections.abc import Mapping
from pathlib import Path

from config.errors import SettingsError
from config.loading import DEFAULT
from config.settings import Settings
from server.library.library import MANUAL


def documents_folder(settings: Settings, origins: Mapping[str, str] | None = None) -> Path | None:
    """Return the folder whose documents are looked things up in, if there is one; blocks on the disk.

    ``origins`` tell where the settings came from, by dotted path.

    Raises:
        SettingsError: there is no such folder.
    """
    folder = settings.documents
    if folder is None:
        return MANUAL if settings.demo else None
    if not folder.is_dir():
        origin = (origins or {}).get("documents", DEFAULT)
        raise SettingsError([f"documents = {str(folder)!r} ({origin}): there is no such folder"])
    return folder
