"""Addresses under /api/ where nothing is: a program is told so in JSON, and a stranger only to sign in."""

from __future__ import annotations

from typing import NoReturn

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView


@extend_schema(exclude=True)
class NowhereView(APIView):
    def get(self, request: Request) -> NoReturn:
        raise Http404

    post = put = patch = delete = get
