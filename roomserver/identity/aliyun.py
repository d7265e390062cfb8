"""Alibaba Cloud's Id2MetaVerify, through its own library (the extra ``aliyun``)."""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

from alibabacloud_cloudauth20190307.client import Client
from alibabacloud_cloudauth20190307.models import Id2MetaVerifyRequest
from alibabacloud_tea_openapi.utils_models import Config
from darabonba.runtime import RuntimeOptions

from roomserver.identity import Verdict
from roomserver.settings import Identity

log = logging.getLogger("roomserver.identity")

# https://help.aliyun.com/zh/id-verification/information-verification/developer-reference/vatsl9lfmbwe74iv
RESULTS = {"1": Verdict.RIGHT, "2": Verdict.WRONG, "3": Verdict.SEE_PAPER}
CODES = {
    "401": Verdict.SEE_PAPER,  # name or number are not to its rules; the number was checked, so the name
    "403": Verdict.BUSY,
}
SERVICE = "cloudauth.aliyuncs.com"


class Aliyun:
    """``cloudauth``: two factors, name and number."""

    def __init__(self, settings: Identity, secret: str) -> None:
        address = urlsplit(settings.endpoint)
        milliseconds = settings.timeout_seconds * 1000
        config = Config(
            access_key_id=settings.key_id,
            access_key_secret=secret,
            endpoint=address.netloc or SERVICE,
            protocol=(address.scheme or "https").upper(),
            connect_timeout=milliseconds,
            read_timeout=milliseconds,
        )
        self._client = Client(config)
        self._runtime = RuntimeOptions(
            autoretry=False, connect_timeout=milliseconds, read_timeout=milliseconds
        )

    def check(self, name: str, number: str) -> Verdict:
        """Ask."""
        request = Id2MetaVerifyRequest(identify_num=number, param_type="normal", user_name=name)
        try:
            body = self._client.id_2meta_verify_with_options(request, self._runtime).body
        except Exception as error:  # noqa: BLE001  (the library raises whatever its parts raise)
            code = getattr(error, "code", None) or type(error).__name__
            # Its message may repeat what was sent; its code cannot.
            log.warning("the identity check ended with %s", code)
            return Verdict.BUSY if str(code).startswith("Throttling") else Verdict.DOWN
        if body is None or str(body.code) != "200":
            code = "no answer" if body is None else str(body.code)
            log.warning("the identity check ended with code %s", code)
            return CODES.get(code, Verdict.DOWN)
        result = body.result_object
        return RESULTS.get(str(result.biz_code) if result else "", Verdict.DOWN)
