"""The closed list of causes of a failed pull, push or login: what each one means and what to do about it.

A command is a template: it is shown only when everything it names (`{host}`, `{image}`, `{repository}`, `{tag}`)
is known, so that what is shown can be pasted as it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Cause:
    """`settle` says who or what can tell this cause from its neighbours."""

    label: str
    title: str
    remedy: str
    settle: str
    commands: tuple[str, ...] = ()


_LOGIN = "docker login{login}"
_LOGOUT = "docker logout{login}"
_SHOW_IMAGE = "docker buildx imagetools inspect {image}"

_ALL = (
    # A. The credential itself
    Cause(
        "stale_credential_blocks_public",
        "A stored login that the registry refuses is sent for an image that anyone may pull.",
        "Log out of this registry as the user whose configuration is used, and pull again. If other images there are "
        "private, log in with a new token instead.",
        "Pull once without any login: if that works, it is this.",
        (_LOGOUT, "docker pull {image}"),
    ),
    Cause(
        "credential_expired_or_revoked",
        "The login was good once and is now expired, revoked or disabled.",
        "Make a new token at the registry, replace the old one wherever it is stored, and note its expiry date.",
        "Ask the issuer about the token: a dead one is refused there too.",
        (_LOGIN,),
    ),
    Cause(
        "short_lived_token_expired",
        "A token that lives only minutes or hours was stored and used after its time.",
        "Fetch a fresh token for each use (credential helper or scheduled refresh); never store it like a password.",
        "Log in afresh and repeat at once: if that works, it is this.",
    ),
    Cause(
        "bad_credentials",
        "The user name or the secret is wrong.",
        "Check both: the account's ID rather than its e-mail address, a token rather than the password where "
        "two-factor or single sign-on is on, and no cut-off paste.",
        "A login by hand with the same two values.",
        (_LOGIN,),
    ),
    Cause(
        "token_type_unsupported",
        "The token is alive, but this registry does not take tokens of its kind.",
        "Use the kind that it takes. ghcr.io: a classic personal access token, or the workflow's own GITHUB_TOKEN. "
        "Elsewhere: a personal access token or a deploy token instead of the account's password.",
        "The token works against the issuer's API and not against the registry.",
    ),
    Cause(
        "missing_scope_read",
        "The token or role may not read images.",
        "Add the right to read: read:packages, read_registry, ecr:BatchGetImage with ecr:GetAuthorizationToken, "
        "Artifact Registry Reader, AcrPull or the robot's pull permission.",
        "Ask the issuer for the scopes of the token.",
    ),
    Cause(
        "missing_scope_write",
        "The token or role may read images but not push them.",
        "Add the right to write: write:packages, `permissions: packages: write` in the workflow, a read and write "
        "token, write_registry, Artifact Registry Writer, AcrPush or the robot's push permission.",
        "Ask for pull alone with the same token: if that works, it is this.",
    ),
    Cause(
        "no_role_on_repo",
        "The login is accepted, but this account has no right on this repository.",
        "Have the owner give the account a role on the package, repository or project, correct the namespace, or make "
        "the image public.",
        "Only the owner of the namespace can tell it from an image that does not exist.",
    ),
    Cause(
        "package_not_linked",
        "The package does not let this repository's workflow in.",
        "Package settings, Manage Actions access: add the repository with the role it needs (or label the image with "
        "org.opencontainers.image.source). Otherwise use a personal access token.",
        "The package's settings page lists the repositories that have access.",
    ),
    Cause(
        "sso_not_authorized",
        "The token is alive but not authorised for an organisation that enforces single sign-on.",
        "Token settings, Configure SSO: authorise it for that organisation.",
        "GitHub's API answers 403 with an X-GitHub-SSO header.",
    ),
    # B. Where the credential is
    Cause(
        "no_credential_sent",
        "The image needs a login and none was sent.",
        "Add a login for exactly this host, or make the image public.",
        "Pull with a login that is known to be good.",
        (_LOGIN, "docker pull {image}"),
    ),
    Cause(
        "credential_wrong_key",
        "A login is stored, but under another name than the image's host.",
        "Log in to exactly the host[:port] that the image is written with, and remove the other entry. Docker Hub's "
        "key is https://index.docker.io/v1/.",
        "Compare the keys under `auths` in the client's configuration with the host of the image.",
        (_LOGIN,),
    ),
    Cause(
        "credential_not_propagated",
        "The login exists, but the process that pulls does not have it.",
        "Hand it to the user, container or node that pulls: the same user's configuration, DOCKER_CONFIG, a mounted "
        "config.json, `--with-registry-auth` for a swarm.",
        "Pull by hand as the user and on the machine that failed.",
    ),
    Cause(
        "k8s_pull_secret_wrong",
        "The image pull secret is missing, malformed, in another namespace or for another host.",
        "Create it anew as kubernetes.io/dockerconfigjson in the pod's own namespace, with the image's host as key.",
        "Read the secret's type, namespace and hosts.",
        (
            "kubectl get secrets --all-namespaces --field-selector type=kubernetes.io/dockerconfigjson",
            "kubectl create secret docker-registry pull --docker-server={host} --docker-username=USER "
            "--docker-password=TOKEN --namespace=NAMESPACE",
        ),
    ),
    Cause(
        "credential_helper_missing",
        "The client's configuration names a credential helper that is not installed for this process.",
        "Install the helper where this process finds it, or remove the credsStore/credHelpers line and log in again.",
        "Run the helper by its full name as the user that failed.",
        ("grep -nE 'credsStore|credHelpers' ~/.docker/config.json",),
    ),
    Cause(
        "credential_helper_failed",
        "The credential helper runs but cannot give or keep the login.",
        "Unlock or initialise its store (keychain, secret service, pass), or use another store.",
        "Ask the helper for this host by hand: its answer names the reason.",
        ("grep -nE 'credsStore|credHelpers' ~/.docker/config.json",),
    ),
    Cause(
        "config_json_corrupt",
        "The client cannot read its own configuration or login file.",
        "Repair the file from a backup, or move it away and log in again. Check that its owner may read it.",
        "Read the file as JSON.",
        ("python3 -m json.tool ~/.docker/config.json > /dev/null && echo well-formed", "ls -la ~/.docker"),
    ),
    # C. The reference
    Cause(
        "tag_not_found",
        "The repository exists, but not this tag or digest.",
        "Use a tag that exists: mind a leading v, and that `latest` may be missing.",
        "List the tags.",
        ("skopeo list-tags docker://{repository}",),
    ),
    Cause(
        "repository_not_found",
        "There is no such repository under that name, or it is hidden from this account.",
        "Check host, owner and spelling; create the repository first where the registry asks for it.",
        "Only somebody with a right on the namespace can tell absent from hidden.",
    ),
    Cause(
        "invalid_reference",
        "The image name is not well-formed or lacks a part.",
        "Write host[:port]/owner/name:tag, the name in lower case and without a scheme.",
        "Read the name as the tool got it: an empty variable is the usual reason.",
    ),
    Cause(
        "platform_mismatch",
        "The image has no variant for this operating system and processor.",
        "Use a tag or a node that fits, publish a multi-platform image, or ask for another platform with emulation.",
        "List the platforms of the image.",
        (_SHOW_IMAGE,),
    ),
    Cause(
        "manifest_format_unsupported",
        "The client or the registry does not understand the format of this image's manifest.",
        "Push the image again with a current tool, or use a newer image; a registry that takes only OCI needs OCI "
        "media types.",
        "Read the media type of the manifest.",
        ("skopeo inspect --raw docker://{image}",),
    ),
    Cause(
        "registry_retired_or_moved",
        "The registry or namespace was shut down, or the images were moved.",
        "Write the new home into the reference (k8s.gcr.io: registry.k8s.io; docker.pkg.github.com: ghcr.io; gcr.io: "
        "Artifact Registry; docker.io/bitnami: docker.io/bitnamilegacy).",
        "The project's announcements say where its images live now.",
    ),
    # D. Policy and limits
    Cause(
        "rate_limited",
        "The registry answers that there were too many requests.",
        "Wait for the time it names and try again once, with some jitter; log in for a larger allowance, or use "
        "a mirror.",
        "The registry's rate-limit headers say what is left.",
    ),
    Cause(
        "policy_denied",
        "A policy refuses the request: network, country, organisation or content, not the login.",
        "Change the network or have it allowed, or use a mirror; another token does not help.",
        "The same request from another network.",
    ),
    Cause(
        "quota_or_billing",
        "A limit of the plan or a storage quota is reached, or the account is unpaid.",
        "Free space, delete repositories, raise the plan, or make the repository public.",
        "The registry's usage page.",
    ),
    Cause(
        "immutable_tag",
        "The registry forbids overwriting this tag.",
        "Push a new tag; skip the push when the digest is the same.",
        "The repository's settings.",
    ),
    # E. Transport
    Cause(
        "plain_http_registry",
        "One side speaks https and the other plain http.",
        "Give the registry a certificate, or list the host under insecure-registries of the daemon that pulls and "
        "restart it.",
        "Ask the registry both ways.",
        ("curl -sv -o /dev/null http://{host}/v2/", "curl -sv -o /dev/null https://{host}/v2/"),
    ),
    Cause(
        "tls_unknown_authority",
        "The registry's certificate comes from an authority that this machine does not trust.",
        "Install the authority's certificate for the daemon that pulls, or have the registry send its whole chain.",
        "Look at the chain that the registry sends.",
        ("ls -la /etc/docker/certs.d/{host}", "curl -sv -o /dev/null https://{host}/v2/"),
    ),
    Cause(
        "tls_hostname_mismatch",
        "The registry's certificate is not made for the name that was used.",
        "Use the name in the certificate, or issue it anew with this name as subject alternative name.",
        "Look at the names in the certificate.",
        ("curl -sv -o /dev/null https://{host}/v2/",),
    ),
    Cause(
        "cert_expired_or_clock_skew",
        "A certificate or token is outside its time: it has expired, or this machine's clock is wrong.",
        "Compare the clock with the registry's Date header: set the clock, else renew the certificate.",
        "The clock of this machine against the registry's.",
        ("date -u", "curl -skI https://{host}/v2/ | grep -i ^date"),
    ),
    Cause(
        "dns_failure",
        "A name of the registry does not resolve.",
        "Repair the resolver that the daemon uses, and restart the daemon if it started before the network.",
        "Resolve the name on the machine that pulls.",
        ("getent hosts {hostname}", "cat /etc/resolv.conf"),
    ),
    Cause(
        "proxy_misconfigured",
        "A proxy between this machine and the registry is missing, wrong or refuses.",
        "Set HTTP_PROXY, HTTPS_PROXY and NO_PROXY for the daemon's service (the shell's do not count) and restart it; "
        "have the proxy let the registry's hosts through.",
        "The daemon's own idea of its proxy.",
        ("docker info | grep -i proxy", "systemctl show docker --property=Environment"),
    ),
    Cause(
        "network_timeout",
        "The registry cannot be reached from here.",
        "Check route, firewall, MTU and IPv6 on the machine that pulls, then try again.",
        "Connect to the registry from the machine that failed.",
        ("curl -sv -o /dev/null --max-time 10 https://{host}/v2/",),
    ),
    # F. The registry's side
    Cause(
        "registry_outage",
        "The registry or its token service fails.",
        "Try again later or use a mirror; read the registry's status page before touching any login.",
        "Pull another public image from the same registry, from another machine.",
    ),
    Cause(
        "registry_misconfigured",
        "The registry, its token server or the proxy before it is set up wrongly.",
        "Repair the server: address and headers behind a reverse proxy, body size, realm, issuer and signing key. "
        "Nothing on the client helps.",
        "The registry's own log for the same request.",
        ("curl -sv -o /dev/null https://{host}/v2/",),
    ),
    Cause(
        "registry_data_missing",
        "The registry knows the image but has lost some of its content.",
        "Push the image again; restart the registry after a garbage collection.",
        "Ask for each layer of the manifest.",
        ("skopeo copy docker://{image} dir:/tmp/image",),
    ),
    Cause(
        "digest_mismatch",
        "What was received is not what its digest says: the transfer or a cache damaged it.",
        "Remove the partial download and pull again; suspect proxies and caches on the way.",
        "Pull from another network.",
        ("docker pull {image}",),
    ),
    # G. The machine
    Cause(
        "disk_full",
        "There is no space, or there are no inodes, where images are stored.",
        "Free space there or enlarge it.",
        "Space and inodes of the storage directory.",
        ("df -h /var/lib/docker", "df -i /var/lib/docker", "docker system df", "docker image prune"),
    ),
    Cause(
        "unpack_failed",
        "A layer cannot be unpacked on this machine.",
        "Rootless: enlarge the user's ranges in /etc/subuid and /etc/subgid. Otherwise try another storage driver, or "
        "rebuild the image.",
        "Unpack the same image on another machine.",
        ('grep "^$(id -un):" /etc/subuid /etc/subgid', "docker info | grep -i -A1 'storage driver'"),
    ),
    Cause(
        "daemon_unreachable",
        "The client cannot talk to the container daemon at all.",
        "Start the daemon, or give this user access to its socket. It has nothing to do with a registry.",
        "Ask the daemon for its version.",
        ("docker version", "systemctl status docker", "ls -la /var/run/docker.sock"),
    ),
    # H. The client
    Cause(
        "client_bug",
        "The client does the wrong thing with a right setup.",
        "Use another version of the client, or another client.",
        "Another client or version, with the same login and the same image.",
    ),
)

CAUSES: Mapping[str, Cause] = {cause.label: cause for cause in _ALL}
