"""Files of one retailer, in a folder of its own. The folder is asked for each time, never remembered."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.core.files.storage import FileSystemStorage
from django.utils.deconstruct import deconstructible

from tenancy import context, keys


@deconstructible(path="tenancy.storage.RetailerStorage")
class RetailerStorage(FileSystemStorage):
    """Stores under FILES_DIR/<schema>; refuses without a retailer; no public address."""

    def __init__(self) -> None:
        super().__init__()

    @property
    def base_location(self) -> str:  # type: ignore[override]
        context.required_schema()
        return str(Path(settings.FILES_DIR) / keys.prefix())

    @property
    def location(self) -> str:  # type: ignore[override]
        return str(Path(self.base_location).absolute())

    def url(self, name: str | None) -> str:
        raise ValueError("A retailer's file has no address of its own; a page that checks the right serves it.")
