"""What can go wrong before a server has answered: a closed list, decided from by verdicts and health checks."""

from enum import StrEnum


class Fault(StrEnum):
    ADDRESS = "address"
    DNS = "dns"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    BROKEN = "broken"
    TLS_UNKNOWN_AUTHORITY = "tls_unknown_authority"
    TLS_HOSTNAME = "tls_hostname"
    TLS_DATES = "tls_dates"
    TLS_OTHER = "tls_other"
    PLAIN_HTTP = "plain_http"
    PROXY = "proxy"
    FORBIDDEN = "forbidden"
    TOO_LARGE = "too_large"
    TOO_MANY_REDIRECTS = "too_many_redirects"
    UNSAFE_REALM = "unsafe_realm"
