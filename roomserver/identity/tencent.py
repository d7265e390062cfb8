"""Tencent Cloud's IdCardVerification, through its own library (the extra ``tencent``)."""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.faceid.v20180301.faceid_client import FaceidClient
from tencentcloud.faceid.v20180301.models import IdCardVerificationRequest

from roomserver.identity import Verdict
from roomserver.settings import Identity

log = logging.getLogger("roomserver.identity")
# At its lowest level the library writes every request with name and number into the log.
logging.getLogger("tencentcloud_sdk_common").setLevel(logging.ERROR)

# https://cloud.tencent.com/document/api/1007/33188
RESULTS = {
    "0": Verdict.RIGHT,
    "-1": Verdict.WRONG,
    "-2": Verdict.WRONG,  # not a number; ours was checked, so a typing slip of a rarer sort
    "-3": Verdict.SEE_PAPER,  # not a name by its rules: names of minorities with a dot, very long ones
    "-4": Verdict.DOWN,
    "-5": Verdict.SEE_PAPER,  # in no register: soldiers, people who moved lately
    "-6": Verdict.DOWN,
    "-7": Verdict.BUSY,
}
# Errors of the call instead of an answer. All others are ours or theirs to mend: down, and logged.
ERRORS = {
    "FailedOperation.IdentityAuthLimitExceeded": Verdict.BUSY,
    "FailedOperation.IdNameMisMatch": Verdict.WRONG,
    "FailedOperation.IdFormatError": Verdict.WRONG,
    "FailedOperation.IdNoExistSystem": Verdict.SEE_PAPER,
    "FailedOperation.NameFormatError": Verdict.SEE_PAPER,
    "RequestLimitExceeded": Verdict.BUSY,
    "LimitExceeded": Verdict.BUSY,
}


class Tencent:
    """``faceid``: two factors, name and number."""

    def __init__(self, settings: Identity, secret: str) -> None:
        address = urlsplit(settings.endpoint)
        http = HttpProfile(
            protocol=address.scheme or "https",
            endpoint=address.netloc or "faceid.tencentcloudapi.com",
            reqTimeout=settings.timeout_seconds,
        )
        self._client = FaceidClient(Credential(settings.key_id, secret), "", ClientProfile(httpProfile=http))

    def check(self, name: str, number: str) -> Verdict:
        """Ask."""
        request = IdCardVerificationRequest()
        request.Name, request.IdCard = name, number
        try:
            result = str(self._client.IdCardVerification(request).Result)
        except TencentCloudSDKException as error:
            code = str(error.get_code())
            verdict = ERRORS.get(code, Verdict.DOWN)
            # Its message may repeat what was sent; its code and request id cannot.
            log.warning("the identity check ended with %s (request %s)", code, error.get_request_id())
            return verdict
        if result not in RESULTS:
            log.warning("the identity check answered with a result that is not in its documents")
        return RESULTS.get(result, Verdict.DOWN)
