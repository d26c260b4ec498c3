"""By which channel a message goes, and to which address; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tenants.notices.models import Channel, Reason


@dataclass(frozen=True, slots=True)
class Choice:
    """What a customer said of a channel."""

    wanted: bool = True
    preferred: bool = False


@dataclass(frozen=True, slots=True)
class Way:
    """The channel and address of a message; ``reason`` says why it is not sent at all."""

    channel: Channel
    recipient: str
    reason: str = ""


def way(*, channel: str | None, addresses: Mapping[str, str], choices: Mapping[str, Choice], required: bool) -> Way:
    """This will choose the way of a message.

    ``addresses`` holds what the customer can be reached at, by channel; the portal needs none. A channel that was
    asked for is taken or the message is suppressed; without one, the preferred channel comes first, then mail, then
    the portal. A ``required`` message (the law asks for it) goes whatever the customer wants, and as a letter
    where the channel has no address.
    """
    if channel is not None:
        return _asked_for(Channel(channel), addresses, choices, required)
    preferred = next((Channel(name) for name, choice in choices.items() if choice.preferred), None)
    for candidate in (preferred, Channel.MAIL, Channel.LETTER if required else None):
        if candidate is not None and _is_open(candidate, addresses, choices, required):
            return Way(candidate, addresses.get(candidate, ""))
    return Way(Channel.PORTAL, "")


def _asked_for(channel: Channel, addresses: Mapping[str, str], choices: Mapping[str, Choice], required: bool) -> Way:
    recipient = addresses.get(channel, "")
    if not required and not choices.get(channel, Choice()).wanted:
        return Way(channel, recipient, Reason.UNWANTED)
    if recipient or channel == Channel.PORTAL:
        return Way(channel, recipient)
    if required and addresses.get(Channel.LETTER):
        return Way(Channel.LETTER, addresses[Channel.LETTER])
    return Way(channel, "", Reason.NO_ADDRESS)


def _is_open(channel: Channel, addresses: Mapping[str, str], choices: Mapping[str, Choice], required: bool) -> bool:
    if channel != Channel.PORTAL and not addresses.get(channel):
        return False
    return required or choices.get(channel, Choice()).wanted
