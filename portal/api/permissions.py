"""What a program may do: each action of a noun names the scope it needs."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import NotAuthenticated
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from hosting import plans
from identity.capabilities import NotAllowed
from portal.api.authentication import Caller


class HasScope(BasePermission):
    """Asks the view for ``needed_scope``; None lets every key pass."""

    def has_permission(self, request: Request, view: Any) -> bool:
        caller: Any = request.user
        if not caller:
            raise NotAuthenticated
        if isinstance(caller, Caller):
            plans.require("api")
        needed = view.needed_scope
        if needed is not None and not caller.can(needed):
            raise NotAllowed(capability=str(needed))
        return True
