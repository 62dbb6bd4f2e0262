"""The app between its two requests: settings, seal and configurations of one process, over `launching`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from cds_service.auth.jti import JtiMemory, opaque
from cds_service.discovery import PrefetchKey
from cds_service.fhir_guard import doors_of
from cds_service.memory_secret import hash_key
from cds_service.settings import Settings
from cds_service.smart.configuration import Configurations
from cds_service.smart.faults import Fault, LaunchFailed
from cds_service.smart.launching import Opened, begin, finish
from cds_service.smart.pending import LASTS_SECONDS, Seal, cookie_name
from cds_service.smart.registration import Registration, find_registration


class SmartApp:
    """`used` remembers, among all workers, which launches were finished. LaunchFailed where no secret can be kept."""

    def __init__(
        self, settings: Settings, keys: tuple[PrefetchKey, ...], redirect_uri: str, used: JtiMemory
    ) -> None:
        self._settings = settings
        self._keys = keys
        self._redirect_uri = redirect_uri
        self._used = used
        self._configurations = Configurations(doors_of(settings))
        try:
            self._seal = Seal(hash_key(settings))
        except OSError:
            raise LaunchFailed(Fault.NO_SEAL) from None

    def begin(
        self, iss: str, launch: str | None, rules: tuple[str, ...], now: datetime
    ) -> tuple[str, str, str]:
        """Where to send the browser, and the name and text of the cookie that it keeps meanwhile."""
        registration = find_registration(self._settings, iss)
        configuration = self._configurations.of(registration)
        address, pending = begin(registration, configuration, self._redirect_uri, self._keys, launch, rules)
        return address, cookie_name(pending.state), self._seal.close(pending, now)

    def finish(
        self, cookies: Mapping[str, str], answer: Mapping[str, str], now: datetime
    ) -> tuple[Registration, Opened]:
        """The call that a launch allows, once: the browser that began it comes back with the code."""
        pending = self._seal.open(cookies.get(cookie_name(answer.get("state", "")), ""), now)
        if pending is None:
            raise LaunchFailed(Fault.NO_STATE)
        expires = now + timedelta(seconds=LASTS_SECONDS + 1)
        if not self._used.first_use(opaque("smart launch", pending.state), expires):
            raise LaunchFailed(Fault.USED_STATE)
        registration = find_registration(self._settings, pending.iss)
        configuration = self._configurations.of(registration)
        return registration, finish(pending, registration, configuration, self._redirect_uri, answer, now)
