"""What people do on many pages: choose from a long list, take along what is shown once, confirm by name, open a row."""

import re
from contextlib import suppress
from typing import Final

from playwright.sync_api import Locator, Page, expect
from playwright.sync_api import TimeoutError as TookTooLong

from tokenrouter.testing.processes import wait_until

_SAID: Final = re.compile(r"(\S+) tokens")
OFFERED_MS: Final = 5_000


def choose(field: Locator, wanted: str) -> None:
    """Type into a field that searches, and press what it offers; what is typed before it knows any may be lost."""
    option = field.page.get_by_role("option", name=wanted, exact=True)

    def is_offered() -> bool:
        field.fill("")
        field.fill(wanted)
        with suppress(TookTooLong):
            option.wait_for(timeout=OFFERED_MS)
        return option.is_visible()

    wait_until(f"{wanted} to be offered", is_offered)
    option.click()


def take_key(page: Page) -> str:
    """Return the key that is shown, this once."""
    return page.get_by_role("textbox", name="Key", exact=True).input_value()


def copied(page: Page, button: Locator) -> str:
    """Press a button that copies, and return what may be pasted then."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("navigator.clipboard.writeText('')")
    button.click()
    wait_until("it to be copied", lambda: bool(page.evaluate("navigator.clipboard.readText()")))
    text: str = page.evaluate("navigator.clipboard.readText()")
    return text


def confirm(page: Page, title: str, verb: str, name: str) -> None:
    """Confirm by name what cannot be undone; another name does not do."""
    dialog = page.get_by_role("dialog", name=title)
    button = dialog.get_by_role("button", name=verb)
    expect(button).to_be_disabled()
    dialog.get_by_role("textbox").fill(name)
    button.click()
    expect(dialog).to_be_hidden()


def row(page: Page, text: str) -> Locator:
    """Return the row of a table that says `text`."""
    return page.get_by_role("row").filter(has_text=text)


def close_panel(page: Page) -> None:
    """Close what is open beside a table, as most people do."""
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
