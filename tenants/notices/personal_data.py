"""Messages to a person and how he wants to be written to: all of it goes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenancy import subjects
from tenancy.subjects import Deed, Holding, Subject
from tenants.notices.models import ChannelChoice, LetterBatch, Message, MessageFile


def _messages(subject: Subject) -> Any:
    return Message.objects.filter(customer_id=subject.customer_id)


def _batches(subject: Subject) -> Any:
    """Printed files with a letter to the person among others: printed long ago, the file is not needed."""
    return LetterBatch.objects.filter(messages__in=_messages(subject)).exclude(file="").distinct()


def _no_file(row: Any) -> Mapping[str, Any]:
    return {"file": ""}


subjects.hold_many(
    Holding("notices_letterbatch", {"en": "Files of printed letters", "zh-hans": "信函打印文件"}, _batches, Deed.BLANK,
            blank=_no_file, files=("file",)),
    Holding(
        "notices_messagefile", {"en": "Attachments of messages", "zh-hans": "消息附件"},
        lambda subject: MessageFile.objects.filter(message__in=_messages(subject)), Deed.REMOVE, files=("file",),
        place=1,
    ),
    Holding("notices_message", {"en": "Messages", "zh-hans": "消息"}, _messages, Deed.REMOVE, place=2),
    Holding(
        "notices_channelchoice", {"en": "Ways of writing", "zh-hans": "通知方式"},
        lambda subject: ChannelChoice.objects.filter(customer_id=subject.customer_id), Deed.REMOVE,
    ),
)  # fmt: skip
