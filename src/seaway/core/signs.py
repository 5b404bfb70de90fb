"""What tools print when an image cannot be had, as tables of texts.

1. A sign turns a line of output into a fact's name; rules.py decides over facts and never over text.
2. Everything is matched in lower case. Most signs are plain substrings, which are cheap; a pattern is tried only on a
   line that holds its gate.
3. A weak sign (a bare status, a refused connection) counts only on a line that is about images (facts.py); a strong
   one is printed by nothing but container tools and registries.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache

STRONG: Mapping[str, tuple[str, ...]] = {
    # Question 1: is it about the registry at all?
    "daemon down": (
        "cannot connect to the docker daemon", "is the docker daemon running", "couldn't connect to docker daemon",
        "failed to connect to the docker api", "docker daemon is not running", "docker desktop is not running",
        "error while fetching server api version", "are you trying to connect to a tls-enabled daemon",
        "cannot connect to podman", "unable to connect to podman", "cannot connect to the podman",
        "permission denied while trying to connect to the docker", "pipe/docker", "dockerdesktoplinuxengine",
        "error during connect:", "rootless containerd not running", "validate service connection",
        "unable to resolve docker endpoint", "could not find a valid docker environment",
    ),
    "unpack": (
        "failed to register layer", "applylayer", "error applying layer", "while applying layer",
        "failed to extract layer", "insufficient uids or gids", "not be enough ids available", "not enough ids",
        "lchown", "/etc/subuid", "failed to convert whiteout", "error processing tar file",
        "error creating overlay mount", "unpigz", "unpack image on snapshotter", "failed to apply diff",
        "error unpacking image", "failed to prepare extraction snapshot", "invalid tar header",
    ),
    "helper failed": (
        "error getting credentials", "error storing credentials", "error saving credentials",
        "error erasing credentials", "user interaction is not allowed", "cannot autolaunch d-bus",
        "org.freedesktop.secret", "pass not initialized", "pass store is uninitialized",
        "specified logon session does not exist", "stub received bad data", "error calling credential helper",
        "failed to exec credential provider", "credential provider plugin", "execing credential provider",
        "error while executing plugin",
    ),
    "config corrupt": (
        "error loading config file", "invalid auth config file", "illegal base64 data", "error reading config file",
        "error parsing docker config", "invalid auth configuration file", "struct field configfile",
    ),
    "pull secret": (
        "unable to retrieve some image pull secrets", "failedtoretrieveimagepullsecret", "invalid docker config secret",
    ),
    # Question 2: did a request get an HTTP answer?
    "plain http": (
        "server gave http response to https client", "malformed http response", "http request was sent to https port",
    ),
    # What the registry says outright.
    "rate limit": (
        "toomanyrequests", "pull rate limit", "pull qps exceeded", "too many requests to registry",
        "increase-rate-limit", "rate exceeded", "too many failed login attempts", "exceeded for quota metric",
        "(hap429)",
    ),
    "firewalled": (
        "is not allowed access", "aka.ms/acr/firewall", "while fetching image layer", "is rejected by policy",
        "source image rejected", "a signature was required", "due to configured policy", "no valid trust data",
        "remote trust data does not exist", "us export control", "u.s. export control",
        "prohibited by organization's policy", "public network access is disabled", "registry access management",
        "binaryauthorization", "binary authorization", "namespace has been disabled", "is not allowed by policy",
    ),
    "quota": (
        "repositories, limit is", "exceed the configured upper limit", "exceeds the configured",
        "denied: quota exceeded", "maximum allowed number of", "maximum number of images", "maximum number of tags",
    ),
    "immutable": (
        "cannot be overwritten because", "repository is immutable", "imagetagalreadyexists", "configured as immutable",
        "does not allow updating assets",
    ),
    "retired": ("deprecated and shutting down", "container registry is deprecated", "docker.bintray.io"),
    "manifest format": (
        "prettyjws", "missing signature key", "unsupported mediatype", "manifest_invalid", "unsupported manifest",
        "does not support oci", "not implemented: media type", "unsupported schema version", "docker image format v1",
        "unsupported docker v1 manifest", "unsupported manifest schema", "unknown image class",
        "mediatype in manifest should be", "children may not be fetched", "unsupported image-specific operation",
    ),
    "platform": (
        "no matching manifest", "no match for platform", "no image found in manifest list",
        "no image found in image index", "does not match the specified platform", "cannot be used on this platform",
        "no child with platform", "image operating system",
    ),
    "bad reference": (
        "invalid reference format", "could not parse reference", "name_invalid", "invalidimagename",
        "not a valid repository/tag", "invalid repository name", "invalid image name", "couldn't parse image",
        "repository name must be", "repository can only contain", "tag can only contain",
        "no unqualified-search registries", "short name mode is enforcing", "invalid_reference",
        "missing registry or repository", "invalid namespace name", "error parsing reference",
        "unsupported digest algorithm", "invalid checksum digest", "repository name not canonical",
    ),
    "odd name": ("docker.io/docker.io/", "ghcr.io/ghcr.io", "library/ghcr.io", "repository%3a%2f", "repository:/"),
    "tag missing": (
        "manifest unknown", "manifest_unknown", "no such manifest", "tag_not_found", "unknown manifest",
        "requested image not found", "manifest not found", "could not locate a version matching",
    ),
    "name unknown": (
        "name unknown", "name_unknown", "repositorynotfoundexception", "repository not known to registry",
        "repository name not known",
    ),
    "digest": (
        "unexpected commit digest", "filesystem layer verification failed", "e3b0c44298fc", "failed size validation",
        "digest did not match", "does not match digest", "image verification failed for digest",
    ),
    "blob missing": ("blob unknown", "unknown blob", "blob_unknown", "blob not found"),
    "server setup": (
        "blob upload unknown", "blob upload invalid", "blob_upload_unknown", "blob_upload_invalid",
        "token from untrusted", "untrusted key", "untrusted issuer", "token signed by", "token intended for another",
        "no http secret", "unsupported auth scheme", "not a v2 registry", "does not appear to be a v2 registry",
        "unsupported protocol scheme", "did not include a token", "token response", "stopped after 10 redirects",
        "the operation is unsupported", "system is in read only mode", "invalid host header",
    ),
    # Questions 3, 4 and 6: refusals. What was said; the rules ask by whom, to whom and at which step.
    "denied twice": ("denied: denied",),
    "requested access denied": ("requested access to the resource is denied",),
    "pull access denied": (
        "pull access denied", "may require 'docker login'", "may require authorization", "no pull access",
    ),
    "insufficient scope": ("insufficient_scope",),
    "wrong password": (
        "incorrect username or password", "wrong username or password", "invalid authorization credential",
        "wrong login/password", "wrong username was used", "bad_credential", "bad props auth token",
        "login username is not valid",
    ),
    "nothing to log in with": (
        "username and password required", "interactive login from a non tty", "must provide --username",
        "cannot perform an interactive login",
    ),
    "dead token": (
        "personal access token is expired", "personal access token has expired", "personal access token is disabled",
        "personal access token was revoked", "personal access token is inactive",
    ),
    "repository manager denied": ("the client does not have permission",),
    "asks for login": ("please login to the", "please log in to the"),
    "any 401": ("invalid username/password",),
    "access forbidden": ("denied: access forbidden",),
    "gitlab basic": ("http basic: access denied",),
    "token expired": ("authorization token has expired",),
    "no credentials found": ("could not find credentials", "no credentials found", "credentials not found for",
        "no authentication credentials",
        "no credentials on this request"),
    "no basic auth": ("no basic auth credentials",),
    "hub scopes": ("access token has insufficient scopes",),
    "token scopes": ("does not match expected scopes",),
    "write package": ("permission_denied: write_package",),
    "read package": ("permission_denied: read_package",),
    "create package": ("permission_denied: create_package",),
    "unknown token": ("user cannot be authenticated with the token",),
    "integration refused": ("resource not accessible by integration",),
    "gar read denied": ("artifactregistry.repositories.downloadartifacts", "artifactregistry.repositories.get"),
    "gar write denied": ("artifactregistry.repositories.uploadartifacts", "artifactregistry.repositories.createonpush"),
    "unauthenticated": ("unauthenticated request",),
    "project denied": ("unauthorized to access repository",),
    "quay denied": ("access to the requested resource is not authorized",),
    "package access": ("reqpackageaccess",),
    "oauth token": ("failed to fetch oauth token",),
    "authorize failed": ("failed to authorize",),
    "no such image": ("no such image",),
    "no digest recorded": ("could not be accessed on a registry to record its digest", "unable to pin image"),
    # Not failures in themselves: what was done, to what, and with what.
    "sent": ("[auth] ", "sharing credentials for", "failed to fetch oauth token", "using authentication for"),
    "not sent": (
        "failed to fetch anonymous token", "no basic auth credentials", "unauthenticated request",
        "unauthenticated pull",
    ),
    "login ok": ("login succeeded",),
    "op push": (
        "the push refers to", "failed to push", "docker push", "podman push", "helm push", "blobs/uploads",
        "pull,push", "push,pull", "pull%2cpush", "push%2cpull", "action: push", "error pushing", "pushing ",
        "trying to reuse blob", "unable to push", "uploading layer", "error uploading", "push failed",
        "failed to copy: unexpected status", "writing blob", "checking push permission",
    ),
    "at token": (
        "token?", "/token", "oauth token", "anonymous token", "bearer token", "auth token", "/jwt/auth", "oauth2/token",
    ),
    "at manifest": ("/manifests/", "reading manifest", "resolve reference", "resolve source metadata"),
    "at blob": (
        "/blobs/sha256", "httpreadseeker", "httpreaderseeker", "image layer", "image configuration", "copying blob",
    ),
    "at upload": ("blobs/uploads", "writing blob", "initiating layer upload"),
    "official": ("/library/",),
    "swarm": ("swarm", "docker stack", "docker service", "err: no such image"),
    "html": ("<html", "<!doctype", "invalid character '<'", "media type text/html"),
    "bitnami": ("bitnami/",),
    "old home": ("k8s.gcr.io", "docker.pkg.github.com", "bintray.io", "gcr.io/google", "gcr.io/ml-", "gcr.io/kube"),
}  # fmt: skip

WEAK: Mapping[str, tuple[str, ...]] = {
    "disk full": (
        "no space left on device", "enospc", "disk quota exceeded", "not enough space on the disk", "out of disk space",
    ),
    "helper failed": ("gpg: decryption failed", "no such interface", "secret service", "keychain cannot be"),
    "plain http": (
        "first record does not look like a tls handshake", "http request to an https server", "wrong version number",
        "wrong_version_number", "oversized record received", "unrecognized ssl message",
    ),
    "unknown authority": (
        "signed by unknown authority", "unable to get local issuer", "self signed certificate", "unknown ca",
        "self-signed certificate", "certificate is not trusted", "pkix path building", "certificate_verify_failed",
        "unable to verify the first certificate", "certificate verify failed", "certificate is not standards compliant",
    ),
    "tls refused": (
        "remote error: tls", "handshake failure", "handshake_failure", "sslv3 alert", "tlsv1 alert", "bad certificate",
        "protocol version not supported",
    ),
    "wrong name": (
        "legacy common name", "any ip sans", "certificate is valid for", "not valid for any names", "hostname mismatch",
        "cannot validate certificate for", "no alternative certificate subject", "certificate name does not match",
        "certificate is not valid for",
    ),
    "wrong time": (
        "certificate has expired", "not yet valid", "certificate expired", "certificate is expired",
        "token used before", "token is not valid yet", "token not valid yet", "clock skew", "requesttimetooskewed",
        "not yet current", "signature expired", "token is not yet valid",
    ),
    "dns": (
        "no such host", "server misbehaving", "temporary failure in name resolution", "name or service not known",
        "getaddrinfo", "could not resolve host", " enotfound", "eai_again", "unknownhostexception",
        "nodename nor servname", "no address associated with hostname", "failed to resolve host",
        "temporary failure resolving",
    ),
    "proxy": (
        "proxyconnect", "proxy authentication required", "authorizedonly", "http.docker.internal:3128", "proxyerror",
        "tunnel connection failed", "unable to connect to proxy", "cannot connect to proxy",
        "error connecting to proxy", "zscaler", "squid", "bluecoat", "blue coat", "fortigate", "fortiguard", "websense",
        "web gateway", "captive portal", "sophos", "407 proxy",
    ),
    "unreachable": (
        "i/o timeout", "client.timeout", "could not reach any registry", "connection refused", "no route to host",
        "network is unreachable",
        "connection timed out", "tls handshake timeout", "waiting for connection", "operation timed out", "etimedout",
        "econnrefused", "econnreset", "connection reset by peer", "timeout awaiting response", "host is unreachable",
        "context deadline exceeded", "read timed out", "broken pipe", "client connection lost", "connectex", "wsarecv",
        "max retries exceeded", "connect timed out", "timeout exceeded", "408 request", "request time-out",
        "request timeout", "cannot assign requested address", "use of closed network connection",
    ),
    "rate limit": ("too many requests", "rate limit", "ratelimit", "retry-after:", "throttl", "quota metric"),
    "firewalled": (
        "you have been blocked", "embargo", "sanction", "not available in your country", "access blocked",
        "not allowed by your organization", "not permitted by policy", "admission webhook", "blocked by",
        "policy blocks", "signature verification", "no matching signatures",
    ),
    "quota": (
        "quota", "payment required", "billing", "spending limit", "plan limit", "storage limit", "over its limit",
        "account is suspended", "limit of private repositories",
    ),
    "immutable": (
        "immutab", "updating assets", "does not allow overwrit", "not allowed to overwrite", "be overwritten",
        "tag already exists",
    ),
    "retired": (
        "412 precondition", "410 gone", "has moved to", "have moved to", "has been moved", "been discontinued",
        "no longer available", "been sunset", "been retired", "been shut down",
    ),
    "manifest format": (
        "manifest invalid", "unsupported media type", "unknown media type", "schemaversion", "schema version",
        "unexpected media type", "unrecognized media type", "invalid manifest", "schema 1", "schema1",
        "unsupported config", "unknown manifest type",
    ),
    "platform": (
        "no matching platform", "unsupported platform", "exec format error", "not supported on this platform",
        "incompatible with the host", "wanted linux/", "does not match the detected host platform",
    ),
    "bad reference": ("must be lowercase", "invalid reference", "invalid tag", "short-name", "must be lower case"),
    "tag missing": ("tag does not exist", "tag was not found", "404 not found"),
    "digest": (
        "digest mismatch", "checksum mismatch", "hash mismatch", "digest_invalid", "unexpected commit size",
        "wrong digest", "digest invalid", "crc error",
    ),
    "blob missing": ("could not fetch content descriptor", "layer does not exist"),
    "server setup": (
        "request entity too large", "body too large", "payload too large", "content too large", "invalid audience",
        "www-authenticate", "404 page not found", "405 method not allowed", "301 moved", "308 permanent", "302 found",
        "after top-level value", "malformed http status", "missing location", "location header", "x-forwarded",
        "token verification", "signature is invalid", "missing realm", "no challenge", "unable to decode token",
    ),
    "server error": (
        "internal server error", "bad gateway", "service unavailable", "gateway time", "unexpected http status: 5",
        "unexpected eof", ": eof", "stream error", "internal_error", "unknown: unknown error",
        "service temporarily", "backend error", "internal error", "cannot reuse body",
    ),
    "client crash": (
        "fatal error: concurrent", "panic: runtime", "nil pointer", "segmentation violation", "is too old. minimum",
        "is too new. maximum",
    ),
    "access forbidden": ("access forbidden",),
    "wrong password": (
        "invalid username or password", "bad username or password", "username or password is incorrect",
        "invalid clientid", "invalid client secret", "client id must be guid", "aadsts", "invalid_client",
    ),
    "token expired": (
        "token has expired", "token expired", "token is expired", "expired token", "expiredtoken", "jwt expired",
        "security token included in the request is expired", "session has expired", "credentials have expired",
        "expired credentials", "credential has expired", "server failed to authenticate the request",
    ),
    "hub scopes": ("insufficient scopes",),
    "token scopes": ("expected scopes", "insufficient scope", "missing scope", "required scope", "needs at least"),
    "write package": ("write_package",),
    "read package": ("read_package",),
    "unknown token": (
        "cannot be authenticated with", "invalid token", "invalid_token", "token is invalid", "invalid access token",
        "token is not valid", "token was revoked", "token has been revoked", "revoked token",
    ),
    "gar read denied": ("storage.objects.get", "storage.objects.list", "storage.buckets.get", "caller does not have"),
    "gar write denied": ("storage.buckets.create", "storage.objects.create", "token exchange failed"),
    "unauthenticated": ("anonymous caller", "unauthenticated caller", "allusers"),
    "sso": ("saml", "x-github-sso", "single sign-on"),
    "classic only": ("personal access token (classic)", "fine-grained", "token type"),
    "two-factor": (
        "personal access token instead", "two-factor", "with a personal access token", "use a personal access token",
        "use personal access token",
    ),
    "auth required": (
        "authentication required", "authentication is required", "requires authentication", "not logged in",
        "need to login", "need to log in", "please login", "please log in", "no credentials", "login required",
        "authentication credentials were not provided",
    ),
    "unauthorized": (
        "unauthorized", "not authorized", "unauthenticated", "bad credentials", "authorization failed", "auth failed",
        "authentication failed", "authorization required",
    ),
    "forbidden": ("forbidden", "access denied", "no permission", "insufficient permission"),
    "denied": ("denied: ", ": denied", "permission_denied"),
    "login failed": ("login attempt", "login failed", "error logging in"),
}  # fmt: skip


class Pattern:
    """A regular expression that is tried only on lines that hold one of its gates."""

    __slots__ = ("fact", "gates", "text", "weak")

    def __init__(self, fact: str, gates: str, text: str, *, weak: bool = False) -> None:
        self.fact, self.gates, self.text, self.weak = fact, tuple(gates.split("|")), text, weak

    def is_in(self, lowered: str) -> bool:
        return any(gate in lowered for gate in self.gates) and _compiled(self.text).search(lowered) is not None


_NOT_FOUND = (
    r"(executable file not found|not found in|no such file|not installed|command not found|not available in path"
    r"|resolves to executable in current|cannot find|could not find|enoent|is not recognized|: not found)"
)
_UNREADABLE = (
    r"(invalid char|unexpected end|cannot unmarshal|: eof|permission denied|is a directory|malformed|illegal"
    r"|unexpected token|not valid|not json|parse error)"
)
_CONFIG = (
    r"(?<![a-z])(\.docker/config\.json|docker config\w*\.json|config\.json|\.dockercfg|auth\.json|docker_auth_config)"
)

PATTERNS = (
    Pattern("daemon down", "docker.sock|containerd.sock|podman.sock|buildkitd.sock|crio.sock|docker_engine",
            r"permission denied|no such file|connection refused|connect:|cannot connect|eacces|enoent|econnrefused"
            r"|dial"),
    Pattern("daemon down", "docker daemon", r"daemon (is )?(not|isn't) (running|reachable|available|started)"),
    Pattern("unpack", "failed to mount|operation not permitted|operation not supported", r"overlay|snapshot|layer"),
    Pattern("helper missing", "docker-credential|credential helper|dockerpycreds|credentials store|credential store",
            _NOT_FOUND),
    Pattern("helper failed", "docker-credential|credential helper|credential provider",
            r"exit status|failed|error|not implemented"),
    Pattern("helper failed", "credentials", r"err: exit status \d|out: `"),
    Pattern("config corrupt", ".dockercfg|auth.json|config.json|docker_auth_config",
            rf"{_CONFIG}[^\n]{{0,80}}{_UNREADABLE}|{_UNREADABLE}[^\n]{{0,80}}{_CONFIG}"),
    Pattern("config corrupt", "config file|auth file|docker config|authfile|auth config",
            rf"(docker|auth|credential|registry)[^\n]{{0,80}}{_UNREADABLE}"),
    Pattern("pull secret", "secret", r'secrets? "[^"]*" (not found|is invalid)', weak=True),
    Pattern("pull secret", "secret", r'secrets? "[^"]*(reg|pull|docker|image|ghcr)[^"]*" (not found|is invalid)'),
    Pattern("pull secret", ".dockerconfigjson", r"required|invalid|not found|missing|find key"),
    Pattern("pull secret", "dockerconfigjson|imagepullsecret|image pull secret|dockerconfig",
            r"unmarshal|required|invalid|not found|couldn't find|couldn't parse|illegal|error|missing|fail"),
    Pattern("dns", "lookup ", r"lookup \S+ on \S+: |lookup \S+: (no|server|i/o|temporary)", weak=True),
    Pattern("proxy", "proxy",
            r"invalid proxy|proxy (url|server|error|refused)|(?<![\w.:=-])407\b|https?_proxy|via proxy", weak=True),
    Pattern("unreachable", "context canceled", r"waiting for connection|head|get \"", weak=True),
    Pattern("unreachable", "408", r"(?<![\w.:=/-])408\b(?![.:])", weak=True),
    Pattern("rate limit", "429|allowed: ",
            r"(status|code|http|\()[^\n]{0,6}\b429\b|(?<![\w.:=/-])429 |allowed: \d+/(s|m|h)", weak=True),
    Pattern("firewalled", "403|451|forbidden",
            r"(status|code|http)[^\n]{0,6}\b451\b|country|your (ip|location|region)|firewall", weak=True),
    Pattern("quota", "limit|maximum|402", r"(repositor|storage|plan|account|artifact)[^\n]{0,40}(limit|maximum)"
            r"|(limit|maximum)[^\n]{0,40}(exceed|reached|repositor)|(status|code|http)[^\n]{0,6}\b402\b", weak=True),
    Pattern("retired", "412|410", r"(status|code)[^\n]{0,12}\b41[02]\b", weak=True),
    Pattern("manifest format", "media type|mediatype|schema|manifest type",
            r"(no longer|not) supported|unsupported|unrecogni[sz]ed|unknown media", weak=True),
    Pattern("platform", "exec format error|incompatible with a",
        r"\bexec \S+: exec format|based image is incompatible"),
    Pattern("platform", "actual: |platform", r"actual: linux|requested image's platform|platform \S+ (not|is not)"),
    Pattern("bad reference", "lookup http", r"lookup https?( on|:)"),
    Pattern("bad reference", "invalid|empty",
            r"(image|reference|repository|tag)( name)? (is |\S+ is )?(invalid|empty)\b"
            r"|\b(invalid|empty) (image|reference|repository|tag)\b", weak=True),
    Pattern("manifest format", "not supported", r"(manifest|media) ?type \S+ (is )?not supported"),
    Pattern("odd name", "/v2/|scope=", r"/v2/https?:|/v2/[^ \"?]*//|scope=repository%3a%2f|/v2/[^ \"?]*\.(io|com)/"),
    Pattern("bad request", "400", r"400 bad request|(status|code)[^\n]{0,8}\b400\b|\(400\)", weak=True),
    Pattern("tag missing", "manifest for ", r"manifest for \S+ not found"),
    Pattern("tag missing", "not found", r"(?<![a-z0-9._/-])[a-z0-9._/-]+(:[a-z0-9._-]+|@sha256:[0-9a-f]+): not found"
            r"|failed to resolve[^\n]*not found|(tag|manifest|chart|image|reference) \S* ?(was "
            r"|is )?not found(?!,? (pulling"
            r"|locally))", weak=True),
    Pattern("tag missing", "404",
            r"manifests?/[^\n]*(?<![\w.:=-])404\b|(?<![\w.:=-])404\b[^\n]*manifest|status[^\n]{0,8}\b404\b", weak=True),
    Pattern("name unknown", "repository|repo not|project",
            r"(repository|project)( with name)? \S+ (was )?(not found|does not exist)"
            r"|(repository|repo|project) not found", weak=True),
    Pattern("blob missing", "content at|descriptor|blobs/sha256",
            r"content at [^\n]*not found|descriptor[^\n]*not found|blobs/sha256[^\n]*\b404\b"),
    Pattern("no credentials found", "no credentials for", r"no credentials for \S+ (found|in )"),
    # Docker before 1.13 said this of a repository that it may not read.
    Pattern("pull access denied", "error: image ", r"error: image \S+ not found"),
    Pattern("at manifest put", "put request to", r"put request to https?://\S+/manifests/"),
    Pattern("at manifest put", "writing manifest: uploading manifest", r"uploading manifest"),
    Pattern("account disabled", "disabled|locked|suspended|deactivated",
            r"(user|robot|account|token|robot \S+|app token)[^\n]{0,12} (has been|is|was) (disabled|locked|suspended"
            r"|deactivated)"
            r"|nonexistent or disabled", weak=True),
    Pattern("firewalled", "admission webhook", r"admission webhook.*(image|registr|signature|digest)"),
    Pattern("blob missing", "content digest", r"content digest \S+ not found"),
    Pattern("server setup", "read-only|read only", r"read[- ]only mode", weak=True),
    Pattern("server setup", "413", r"(status|statuscode|code|http)[^\n]{0,3}\b413\b"),
    Pattern("server setup", "413 ", r"(?<![\w.:=/-])413 ", weak=True),
    Pattern("server setup", "realm",
            r"realm[^\n]{0,4}[=:][^\n]{0,14}(localhost|127\.0\.0\.1)|(invalid|missing|no) realm"),
    Pattern("server setup", "lookup |https://", r"https?://[^/ ]+:\d+:\d+/|lookup \S+:\d+: no such host"),
    Pattern("server setup", "login attempt|pinging|ping attempt|error pinging", r"\b(200|30[1278]|40[045])\b"),
    Pattern("server setup", "unexpected", r"unexpected (http )?(status( code)?:? )?(200|30\d|405|406|501)\b"
            r"|unexpected 40[45] response status"),
    Pattern("server setup", "unexpected end of json", r"error parsing http|response"),
    Pattern("server setup", "challenge", r"(no|missing|without|empty|malformed|invalid) [^\n]{0,20}challenge"
            r"|challenge[^\n]{0,20}(missing|empty|invalid|malformed)"),
    Pattern("metadata failed", "load metadata for", r"\berror\b"),
    Pattern("server setup", "error parsing http", r"error parsing http (30|40[45]|50)\d? ?"),
    Pattern("server log", "level=error|level=warning",
            r"authorizing context|http\.request|go\.version|token (from|signed)|service=registry|instance\.id"),
    Pattern("server error", "5",
            r"(status|code|http)[^\n]{0,6}\b5(0[02-9]|[1-3]\d)\b|\b5(00 internal|02 bad|03 serv|04 gate)|\(5\d\d\)",
            weak=True),
    Pattern("server error", "unexpected status", r"unexpected status[^\n]*: 5\d\d\b"),
    Pattern("denied once", "denied",
            r"(^|: )denied\.?\s*$|error from registry: denied|daemon: denied\.?\s*$", weak=True),
    Pattern("two-factor", "2fa", r"(?<!%)\b2fa\b", weak=True),
    Pattern("aws read denied", "not authorized to perform: ecr",
            r"ecr(-public)?:(batchget|getauth|getdown|batchcheck|describe|getlogin|get|list)"),
    Pattern("aws write denied", "not authorized to perform: ecr",
            r"ecr(-public)?:(put|initiate|upload|complete|create|delete)"),
    Pattern("aws assume denied", "not authorized to perform: sts", r"sts:"),
    Pattern("aws no resource policy", "resource-based policy", r"no resource-based policy"),
    Pattern("installation write", "installation not allowed to", r"to (create|write|delete|update)"),
    Pattern("installation read", "installation not allowed to", r"to read"),
    Pattern("quay robot", "robot", r"robot[^\n]{0,60}(not find|invalid|incorrect|wrong|does not exist)"
            r"|(not find|invalid|wrong) robot", weak=True),
    Pattern("nv denied", "access denied",
            r"(denied|token)[^\n]*: access denied|(?<!pull )access denied\s*$", weak=True),
    Pattern("forbidden", "403", r"(status|code|http)[^\n]{0,6}\b403\b|\(403\)|(?<![\w.:=/-])403 ", weak=True),
    Pattern("unauthorized", "401", r"(status|code|http)[^\n]{0,6}\b401\b|\(401\)|(?<![\w.:=/-])401 ", weak=True),
    Pattern("op login", "login|logging in|authenticating|/v2/",
            r"(?<!require ')\b(docker|registry|podman|nerdctl|skopeo|oras|crane auth|acr) login\b|login attempt"
            r"|logging (in|into)\b|login did not succeed|wrong login/password|docker/login-action|authenticating creds"
            r'|(?:get )?"?https?://[^/ ]+/v2/"?: (unauth|denied)'),
)  # fmt: skip


def signs_in(lowered: str, about_images: bool) -> Iterator[str]:
    """The facts that a line of output shows."""
    for table in (STRONG, WEAK) if about_images else (STRONG,):
        for fact, needles in table.items():
            if any(needle in lowered for needle in needles):
                yield fact
    for pattern in PATTERNS:
        if (about_images or not pattern.weak) and pattern.is_in(lowered):
            yield pattern.fact


@cache
def _compiled(text: str) -> re.Pattern[str]:
    return re.compile(text)
