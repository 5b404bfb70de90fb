"""Everything that can go wrong in the HTTP pipe before there is an answer, as errors of ours."""

import ssl
from typing import ClassVar

from seaway.core.errors import Unavailable
from seaway.core.fault import Fault
from seaway.doors.journey import Journey

_EXPIRED, _NOT_YET = 10, 9
_WRONG_NAME = frozenset({62, 63, 64})
_UNKNOWN_ISSUER = frozenset({2, 18, 19, 20, 21, 24, 27})
_NOT_TLS = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "RECORD_LAYER_FAILURE"})


class HttpError(Unavailable):
    """No answer from `host`. `detail` is what the system said; neither holds a query, a user or a secret."""

    code = "http.failed"
    fault: ClassVar[Fault] = Fault.BROKEN
    said: ClassVar[str] = "{host} broke the connection off"
    advice: ClassVar[str] = "Try again; look for a firewall or proxy that ends connections."

    def __init__(self, host: str, detail: str = "") -> None:
        super().__init__(
            self.said.format(host=host) + (f": {detail}." if detail else "."),
            remedy=self.advice,
            evidence=(f"{host}: {detail}",) if detail else (),
        )
        self.host = host
        self.detail = detail
        self.way: Journey | None = None


class BadAddress(HttpError):
    code, fault, temporary = "http.bad_address", Fault.ADDRESS, False
    said = "{host} is no address of a web server"
    advice = "Write http:// or https://, a host and a port up to 65535."


class DnsFailure(HttpError):
    code, fault = "http.dns", Fault.DNS
    said = "The name {host} does not resolve"
    advice = "Check the spelling and the resolver in /etc/resolv.conf."


class ConnectionRefused(HttpError):
    code, fault = "http.refused", Fault.REFUSED
    said = "Nothing listens at {host}"
    advice = "Check the port and that the service runs."


class TimedOut(HttpError):
    code, fault = "http.timeout", Fault.TIMEOUT
    said = "{host} did not answer in time"
    advice = "Check the route and the firewall."


class ConnectionBroken(HttpError):
    code, fault = "http.broken", Fault.BROKEN


class TlsUnknownAuthority(HttpError):
    code, fault, temporary = "http.tls_unknown_authority", Fault.TLS_UNKNOWN_AUTHORITY, False
    said = "The certificate of {host} is signed by nobody this machine trusts"
    advice = "Install its CA, or let the server send the whole chain."


class TlsHostnameMismatch(HttpError):
    code, fault, temporary = "http.tls_hostname_mismatch", Fault.TLS_HOSTNAME, False
    said = "The certificate of {host} is for another name"
    advice = "Use the name in the certificate, or issue one for this name."


class TlsDates(HttpError):
    """Expired, or not valid yet; the latter usually means that the local clock is behind."""

    code, fault, temporary = "http.tls_dates", Fault.TLS_DATES, False
    said = "The certificate of {host} is not valid today"
    advice = "Compare this machine's clock first; then renew the certificate."


class TlsFailure(HttpError):
    code, fault, temporary = "http.tls", Fault.TLS_OTHER, False
    said = "No TLS connection to {host}"
    advice = "Compare the TLS versions both sides accept; look for a proxy in between."


class PlainHttp(HttpError):
    code, fault, temporary = "http.plain", Fault.PLAIN_HTTP, False
    said = "{host} speaks plain http where https was expected"
    advice = "Give it a certificate, or allow plain http for this host."


class ProxyRefused(HttpError):
    code, fault, temporary = "http.proxy", Fault.PROXY, False
    said = "The proxy did not let the request to {host} through"
    advice = "Check HTTPS_PROXY, NO_PROXY and the proxy's login."


class ForbiddenDestination(HttpError):
    code, fault, temporary = "http.forbidden_destination", Fault.FORBIDDEN, False
    said = "{host} is at an address that may not be reached from here"
    advice = "Use a public name, or allow private addresses for this connection."


class AnswerTooLarge(HttpError):
    code, fault, temporary = "http.too_large", Fault.TOO_LARGE, False
    said = "{host} sent more than was asked for"
    advice = "Check that the address is right; something else seems to answer there."


class TooManyRedirects(HttpError):
    code, fault, temporary = "http.too_many_redirects", Fault.TOO_MANY_REDIRECTS, False
    said = "{host} sends the request around in circles"
    advice = "Check the server's public URL and its reverse proxy."


def tls_error(host: str, error: ssl.SSLError | OSError) -> HttpError:
    """Which of ours a failed handshake is."""
    if isinstance(error, ssl.SSLCertVerificationError):
        detail = error.verify_message
        if error.verify_code in (_EXPIRED, _NOT_YET):
            return TlsDates(host, detail)
        if error.verify_code in _WRONG_NAME:
            return TlsHostnameMismatch(host, detail)
        return TlsUnknownAuthority(host, detail) if error.verify_code in _UNKNOWN_ISSUER else TlsFailure(host, detail)
    if isinstance(error, ssl.SSLError):
        reason = error.reason or "handshake failed"
        if reason in _NOT_TLS:
            return PlainHttp(host, reason.lower().replace("_", " "))
        return TlsFailure(host, reason.lower().replace("_", " "))
    return ConnectionBroken(host, "the connection ended during the TLS handshake")
