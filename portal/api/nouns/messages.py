"""Messages to customers: what was written and what became of it."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from identity.capabilities import Capability
from kernel import personal
from portal.api import filtering, values, views
from tenants.notices import operations, queries

CHANNELS = tuple(str(value) for value in queries.CHANNELS.values)
STATES = tuple(str(value) for value in queries.STATES.values)


class Message(serializers.Serializer):
    """A message to a customer, by one channel."""

    id = serializers.IntegerField(source="pk")
    reference = serializers.CharField(help_text="What it is about; the same is written once.")
    customer = serializers.CharField(source="customer.number")
    template = serializers.CharField()
    channel = serializers.ChoiceField(choices=CHANNELS)
    recipient = values.PersonalField(allow_blank=True)
    language = serializers.CharField()
    subject = serializers.CharField()
    state = serializers.ChoiceField(choices=STATES)
    reason = serializers.CharField(allow_blank=True, help_text="Why it was not sent.")
    attempts = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    sent_at = serializers.DateTimeField(allow_null=True)


class MessageFilters(filtering.Filters):
    customer = django_filters.CharFilter(field_name="customer__number", help_text="The customer's number.")
    state = django_filters.ChoiceFilter(choices=queries.STATES.choices, help_text="What became of it.")
    channel = django_filters.ChoiceFilter(choices=queries.CHANNELS.choices, help_text="How it goes.")
    template = django_filters.CharFilter(help_text="The kind of message.")


class MessageDetail(Message):
    """A message with its text and the names of its files."""

    body = serializers.CharField()
    files = serializers.ListField(child=serializers.CharField())

    def to_representation(self, instance: Any) -> dict[str, Any]:
        shown = Message(instance).data
        return {
            **shown,
            "body": personal.shown(queries.readable(message=instance)),
            "files": [row.name for row in instance.files.all()],
        }


class Messages(views.Noun):
    """What customers were written."""

    scopes = {
        "list": Capability.SEE_CUSTOMERS,
        "retrieve": Capability.SEE_CUSTOMERS,
        "send_again": Capability.CHANGE_CUSTOMERS,
    }
    filterset_class = MessageFilters
    ordering = ("-id",)

    def get_queryset(self) -> QuerySet[Any]:
        return queries.messages()

    @extend_schema(summary=_("List messages"), responses=Message(many=True))
    def list(self, request: Request) -> Response:
        return self.page(self.get_queryset(), Message)

    @extend_schema(summary=_("Show a message"), responses=MessageDetail)
    def retrieve(self, request: Request, message_id: int) -> Response:
        return self.show(MessageDetail(queries.message(message_id=message_id)).data)

    @extend_schema(summary=_("Send a message again"), request=None, responses={202: Message})
    def send_again(self, request: Request, message_id: int) -> Response:
        made = operations.send_again(message_id=message_id, at=timezone.now())
        self.record("message.send_again", f"message {message_id}", again=made.pk)
        return self.show(Message(made).data, accepted=f"/api/v1/messages/{made.pk}")
