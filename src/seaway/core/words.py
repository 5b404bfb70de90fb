"""What people say about a failure in plain English, as a table: the second witness beside a tool's output.

1. Each row is a fact and the ways to say it, as regular expressions over lower-case text.
2. `~` stands for a few words of the same clause, `%login` for any word for a credential, `%works` for any for success.
3. General vocabulary only: a row that fits one report and no other is worth nothing.
4. WORDS are looked for in the whole text, WORKING only in clauses that tell of a success: what works instead (another
   client, another machine, without a login) says more than how it fails.
"""

import re
from collections.abc import Mapping
from functools import cache

WORDS: Mapping[str, tuple[str, ...]] = {
    # The image
    "told public": (
        "open[- ]source (?:image|project|app)",
        r"(?<!not )(?<!made )(?<!yet )(?<!other )\bpublic\b(?! (?:source|internet|network|ip|cloud|key|url|"
        "domain))(?<!repository is public)",
        r"\bofficial\b", "anyone (?:may|can)", "docs' command",
    ),
    "told private": (
        r"(?<!not )\bprivate\b(?! (?:network|ip|organi|key|endpoint|link|subnet|cluster))",
        "(?:not|isn't|wasn't|never|non-) ?(?:yet )?(?:made )?public", "internal (?:image|package)",
    ),
    "told typo": (
        "(?:repository|package|project) (?:was|has been|is) (?:deleted|removed|renamed)(?! from)",
        r"(?:with|by|run|runs|ran|only|just) (?:a |an? earlier )?docker build\b", "build -t", "typo",
        "built (?:by|in|with)~(?:step|stage|script|docker build|machine)", "mistyped", "typed by hand", "misspel",
        "wrong (?:name|path|image|repo)", "copied from",
        "(?:does|do|did|was|has|is|were)(?: not|n't) (?:yet )?(?:been )?(?:exist|create|publish|push)",
        "never (?:been )?(?:created|pushed|published|existed)", "first push",
        "no such (?:repo|image|project|package)", "(?:must|should|has to|needs to) (?:be created|exist)",
        "built locally", "locally built", r"local image\b", "exists? only locally",
        "new (?:repository|project|image name)", "nonexistent", "non-existent",
    ),
    "told moved": (
        r"\bmoved\b", r"migrat(?:ed|ion)\b(?! guide)", "retired", "shut ?down", "sunset", "deprecat", "archived",
        "discontinu", "legacy", "abandoned",
        "(?:images?|repositories|registry|tags?|charts?|catalogue) (?:was|were|is|are|"
        r"been) (?:\w+ )?(?:moved|removed|deleted|renamed|gone)",
        "no longer (?:exist|publish|available|hosted|maintain)", "worked (?:a|some|last) (?:month|week|year|time)",
        r"of 20[12]\d\b",
    ),
    "told reference": (
        "capital", "upper[- ]?case", "lower[- ]?case", "mixed[- ]case", "doubled", "with (?:the |a )?scheme",
        "double slash", r"(?:empty|unset|undefined|missing) (?:variable|env\w*|value|host|tag|owner|secret|input)",
        "variable~(?:empty|unset|not set|undefined)", "without (?:an )?owner", "no owner",
        "name (?:is )?built from",
    ),
    # The credential itself
    "told login ok": (
        r"log ?in (?:is |was )?(?:ok|fine|right|done)\b", "log ?in~%works", "%works log ?in",
        r"(?<!not )(?<!never )(?<!nobody )(?<!no one )\blogged in\b", "correctly authenticated", "just succeeded",
        "%login (?:itself )?(?:is|are|was|were) (?:right|fine|correct|valid|ok|good|accepted)",
        "(?:right|valid|working|live|good) %login", "docker login~(?:done|made|on every)",
        "after (?:a |the )?docker login", r"(?:has|with|holds) (?:a|the) (?:valid )?login\b",
        "user ?name and password are right",
    ),
    "told no login": (
        "(?:not|never|nobody|no one)(?: is| was| has)? logged in",
        r"\bno (?:stored |registry |docker |docker hub |hub |pull )*(?:log ?in|credentials?|pull secrets?|"
        r"imagepullsecrets?|auth\w*)\b",
        r"without (?:a |any |being |prior |docker |registry )*(?:log|credential|auth|pull secret)(?!\w* \d\d\d)",
        r"\banonymous(?:ly)?\b(?! (?:works|read|policy|access|pull works|is|asks|pulls? (?:works|succe)))",
        "unauthenticated", "logged out", "never (?:configured|given)",
        "nothing (?:is |was )?(?:stored|sent|configured)",
    ),
    "told stored": (
        "log ?in was (?:done|made)~ago",
        r"(?:stored|cached|saved|old|earlier|leftover|existing|stale|forgotten|previous)~%login\b",
        r"%login\b~(?:stored|cached|saved|earlier)", "logged in~(?:earlier|before|once|ago|past)",
        r"(?:holds|has|had|lists)(?! no)\b[^.;]{0,30}log ?in", "uses? a credential",
        "(?:still )?in (?:its|the|their) (?:docker )?(?:config|keychain)",
    ),
    "told dead": (
        r"%login\b~(?:expir|revok|rotat|regenerat|disabled|deactivat|dead\b|lapsed|invalidat|deleted|suspended)\w*",
        "ran out", "no longer valid", "left the (?:company|org|team)",
        "password (?:was |has been |had been )?(?:changed|reset)", "changed (?:the|his|her|their|its) password",
        "(?:account|user|robot) (?:was |is |has been |had been )?(?:deleted|disabled|suspended|removed|locked)",
        r"\b(?:30|60|90|9\d|180|36\d)[- ]days?\b", r"\bexpiry\b",
        r"(?:expir|revok|rotat|regenerat|renew|dead|outdated|lapsed)\w*~%login\b",
    ),
    "told worked before": (
        r"\bworked\b", "used to", "sudden", r"since (?:a|the|last|yesterday|to|this|\d)", r"\bbegan\b",
        "started (?:to fail|failing)", r"\buntil\b", "no longer", r"\bbroke\b",
        "stopped (?:work|pull|push|deploy)", "overnight", "for (?:months|years|weeks|a long time)",
    ),
    "told over time": (
        "(?:hours|days|weeks|months) (?:ago|later|old)",
        r"\b(?:\d+|twelve|some|few|an|several|many|half a|one) ?(?:h|hours?|min|minutes?|days?)\b",
        "more than (?:a|one) (?:day|hour)", "(?:next|following) (?:day|morning)",
        "long[- ](?:running|lived|build|push|upload|job)", "overnight", "after (?:a|some) (?:while|time)",
        "yesterday", "restart", "once a day", "eventually", r"scal(?:e|ed|ing)\b", "reschedul", "new nodes?",
    ),
    "told short token": (
        "get-login", r"\becr\b", r"\b(?:azure|acr|aws|gcloud) login", "access[- ]token", "job[- ]token", "ci_job",
        "gcloud", "oauth2accesstoken",
        "installation token", "temporary", "short[- ]lived", "refresh", r"\bsts\b", "12 ?h", "hourly",
        "identity token", "(?:login|auth|authorization) token",
    ),
    "told wrong pair": (
        "e-?mail", r"wrong (?:\w+ )?(?:user|password|account|pair|identity|secret|token|credential)", "incorrect",
        "never worked", "from the (?:start|beginning)", "first (?:login|attempt|try|use)",
        "(?:user ?name|password)s?~(?:from|contains|is empty|swapped|blank|variable|literally)", "swapped",
        "special character", "dollar", r"the \$", "quot(?:e|ing)", "escap", "newline", "truncat", "service principal",
    ),
    "told wrong kind": (
        "fine[- ]grained", "github_pat", "github app", r"\bapp(?:'s)? (?:installation )?token",
        "installation (?:access )?token", "oauth app", "deploy key", "ssh key", "job token", r"\bghs_",
        "account password", "two-factor", r"\b2fa\b",
    ),
    "told lacks read": (
        r"\b(?:lack\w*|without|missing|no)\b~packages: read", "public (?:repo )?read[- ]only",
        r"contents: read\b(?!~packages)",
        r"\b(?:without|lack\w*|missing|no|only|not have|instead of)\b~(?:read:packages|read_registry|read_api|"
        r"reader\b|pull (?:permission|right)|acrpull|read (?:scope|permission|right|access)|"
        "getauthorizationtoken|batchgetimage)", r"permissions?\b[^.;]{0,40}\bonly\b",
        r"push (?:permission |right |access |scope )?(?:alone|only)", r"only (?:the )?push",
        r"(?:write_registry|repo|write:packages|push)(?: and \w+)? only\b",
        r"\bonly (?:the )?(?:repo|push|write)\b", "no scopes?", "scopes? (?:missing|lack|empty)",
        r"\b(?:role|policy|profile|permission|principal|identity)s?\b~\b(?:lack\w*|does not (?:have|allow|"
        r"grant)|without|missing)\b",
    ),
    "told has read": (
        r"(?:with|has|have|carrying|given|granted|may|was given)~(?:read:packages|read_registry|reader\b|"
        "acrpull|read the registry|read (?:right|access))",
        "all[- ]scopes?",
    ),
    "told lacks write": (
        "read[- ]only",
        r"\b(?:without|lack\w*|missing|no|not have)\b~(?:write|permissions? block|push (?:permission|right))",
        "packages: read", "only (?:has )?read", "default (?:workflow )?permission",
        r"\bread_registry(?: scope)?(?: only)?(?:[.;,]|$)", "reader role", r"pull\w* (?:works|fine|ok|succeed)",
        "(?:can|may) (?:only )?(?:pull|read)", "dependabot", "from (?:a )?forks?", r"fork(?:ed)?\b",
    ),
    "told has write": (
        "packages: write", "write:packages", "(?:with|has|given) (?:read and |read/)?write",
        "write (?:scope|permission) (?:is |was )?(?:set|given|granted|present)", "all[- ]scopes?", "all scopes",
        "full (?:rights|access|scope)", "(?:admin|owner) (?:of|right|role|token)",
    ),
    "told foreign": (
        r"\bguest\b", r"without (?:a |any )?(?:role|right|permission|access)\b",
        "not (?:a |an )?(?:member|collaborator|in the org|invited|part of)", "stranger", "outsider", "foreign",
        "cross-account",
        r"(?:another|other|different|someone else's)(?:'s)? (?:org|organi\w+|owner|namespace|project|team|"
        "group|aws account|account)",
        "belongs to", "no (?:access|rights?|role|permission) (?:to|on|in|for)", "not (?:the )?owner",
        "not (?:yet )?(?:been )?(?:granted|given|added|shared|invited)", "lost its right",
        "namespace (?:that )?(?:is|does|of)", "page (?:gives|shows|answers) 404", r"\brole\b~(?:missing|not)",
        "team member",
    ),
    "told workflow": ("github_token", "workflow", "github actions"),
    "told linked by hand": (
        r"(?:created|pushed|made|published|first)~(?:hand|manual|\bpat\b|person|local|laptop)",
        "manual(?:ly)? (?:docker )?push", "transfer", "not (?:linked|connected)", "manage actions",
        "package(?:'s)? (?:permission|setting|access)", "inherit", "(?:already|existing) (?:exists|package)",
        "package already", "(?:another|other|different|second|renamed) repo",
    ),
    "told sso": (r"\bsso\b", "saml", "single sign", "okta"),
    # Where it is
    "told other process": (
        r"\bon the host\b", r"\bsudo\b", "as root", "root's",
        r"(?:another|other|different|non-root|wrong|which|pipeline|service|ordinary) user\b",
        "helper (?:container|image)", "inside (?:a|the|its|another)", "(?:inner|outer|nested) docker",
        r"\brunners?\b", r"\bworkers?\b",
        r"(?:second|another|other|remote|every|each|all) (?:server|node|machine|host|process|step|job|stage)s?\b",
        "swarm", "docker (?:service|stack)", r"\bmount(?:s|ed)\b", r"\bdind\b", "docker-in-docker", "build ?agent",
        "systemd", r"\bcron", r"\$?home\b",
        "docker_config", "platform", r"plug-?in\b",
        "(?:does|do) not (?:use|pass|hand|forward|see|have|read|know|find|pick)", "with-registry-auth",
        "(?:remote|own|separate) (?:builder|driver|session)", "daemonless", "separate (?:step|job|container|builder)",
        "watchtower",
        "updater", "runs as", "jenkins", r"\bkaniko", "in the (?:ui|web|dashboard)", "docker_auth_config",
        "kubelet", "does the pull", r"\bdrives\b", r"\bcli of the (?:same )?host",
        "through the (?:docker )?socket",
    ),
    "told entered": (
        r"(?:registry|credential|log ?in)\w*~(?:configured|entered|chosen|set up|added)",
        r"(?:credential|log ?in|password|token|auth)s?\b~\b(?:is|are|was|stands?|exists?|stored|named|set)\b~"
        r"\b(?:config|file|secret|section|settings|ui)\b",
        r"(?:credential|log ?in|password|token)s? in (?:its|the|their) (?:\w+ )?(?:config|settings|file|section)",
        r"config\.json (?:is|was|with|exists|holds|has)\b(?! (?:empty|no))",
        r"\b(?:config|file|settings)\b[^.;,]{0,20}(?:names?|holds?|has|lists?|contains?)\b(?! no)~(?:%login|user)",
    ),
    "told login elsewhere": (
        r"log ?in (?:was|is) (?:made )?(?:to|for|at|against)\b",
        r"log(?:ged)? ?in\b(?: \w+)?,? but (?:to|for|at|against|into)\b",
    ),
    "told other key": (
        r"(?:bare|without|no)(?: the)? ?(?:port|host)\b", "host:port", "registry-1", r"\bregistry\.docker\.io",
        r"index\.docker\.io", r"hub\.docker\.com", "https?:// ?(?:prefix|scheme|in|as)",
        r"(?:another|other|different|wrong|second) (?:region|host|entr\w+|key|url|domain|registry|account id|"
        "address|alias)",
        "two (?:entries|keys|names|hosts)",
        r"(?:log ?in|credential|auth|key|secret|token)\w*~(?:under|against|for|to) (?:the |another |"
        "a )?(?:other|different|bare|wrong|http|url|host)",
        "without (?:a |the |its )?(?:registry|host)", "trailing slash", "/v[12]/?(?: |$|,)", "server address",
        "(?:image|name|tag)~(?:lacks|without|has no)~(?:host|registry|prefix)", "full (?:reference|host)",
        "tagged (?:with|for|as)",
    ),
    "told helper": (
        "credsstore", "credhelpers", "credential[- ]helper", "docker-credential", "ecr-login", "wincred",
        "osxkeychain", "secretservice", "credential store", "keychain",
        r"(?:with|in|by|through|store|storage) pass\b", r"\bgpg", "keyring", "passphrase",
    ),
    "told helper absent": (
        "not installed", "not in (?:the )?path", "another name", "uninstall",
        "(?:no|missing) (?:such )?(?:binary|helper)", "log stays empty", r"\bpath\b",
    ),
    "told config broken": (
        "(?:empty|junk|corrupt|broken|truncated|invalid|unreadable|damaged|malformed|"
        r"half[- ]written)~(?:config(?:\.json| file)|auth(?:\.json| file)|dockercfg)",
        r"(?:config(?:\.json| file)|auth(?:\.json| file)|dockercfg)\b[^.;]{0,25}(?:is|was|were|with|has|"
        "contains?) [^.;]{0,12}(?:empty|junk|corrupt|broken|truncated|invalid|unreadable|malformed|comma|"
        "trailing)",
    ),
    "told pull secret": (
        "(?<!no )(?<!without )(?:image ?)?pull ?secret", "imagepullsecret", "dockerconfigjson", "dockercfg",
        "secret of type",
        "kubernetes secret",
    ),
    "told secret wrong": (
        "(?:another|other|wrong|different|default|its own) namespace", "wrong (?:type|key|name|secret)",
        r"\bgeneric\b", "opaque", "malformed", r"\btype \S*dockercfg", r"(?:new|old|other) format",
        "secret~(?:does not exist|not (?:exist|found|attached|referenced|listed)|missing)", "base64",
    ),
    # Everybody and everything else
    "told many": (
        "(?:two|three|four|several|different) (?:networks|places|isps|providers)",
        r"\bgone (?:after|the next|by|within)", "disappeared",
        r"(?:many|several|multiple|different|some) (?:other )?(?:repositor\w+|projects)",
        r"(?:many|several|multiple|all|different|some) (?:other )?(?:users|people|hosts|machines|"
        "runners|clusters|jobs|builds|images|regions|of us)",
        "other (?:users|people)", "for several",
        r"\bothers (?:users |people )?(?:see|report|had|have|too|confirm|hit|affected|with)",
        r"every(?:one|body)\b(?! else (?:can|could|pull|install))", "incident", "status page", "outage",
        "same (?:day|time|hour)", "worldwide", "went away", "by itself", "happened (?:to|in|before)",
        r"\bmix of\b", "down ?time", "maintenance", "(?:nothing|not) (?:was |has |been )*changed",
        "(?:no|without any) change", r"(?:retr\w+|later|again|rerun)[^.;]{0,25}(?:works|succe|pass|help)",
        "hours later", "unchanged for",
    ),
    "told flaky": (
        "sporadic", "intermittent", "from time to time", r"\brandom", "flak[ey]", "sometimes", "now and then",
    ),
    "told quota": (
        "quota", r"\b(?:number|limit|maximum|count) (?:of|on)~(?:repositor|tags|artifact|images)",
        r"(?<!that )(?<!the )\bplan\b", "billing", "unpaid", "subscription", r"\blocked\b", r"\btrial\b",
        r"\bfree (?:\w+ ){0,3}(?:tier|plan|account)", "(?:one|only|single|first|second) private repositor",
        "storage (?:is )?(?:full|limit|exceed)", "limit (?:is |was )?(?:reached|hit)",
        "over (?:the|its|their) limit", "payment", "credit card", "invoice", "paid plan", "spending", "exceed",
        r"has \d+ tags", r"\d+ (?:private )?(?:tags|repositories)\b", r"\d[\d,.]{2,} (?:images|tags|repositories)",
    ),
    "told immutable": ("immutab", "overw", "tag (?:is |was )?already", "already (?:there|exists|pushed)", "same tag"),
    "told policy": (
        "firewall", r"\bhtml\b", "allow[- ]?list", "whitelist", "selected networks", "countr(?:y|ies)", r"\biran",
        "russia",
        r"\bchina", "sanction", r"\bgeo", "fail2ban", r"\bbann?(?:ed|s)?\b", r"\bwaf\b", "crimea", "syria",
        r"\bcuba\b", "embargo", "private endpoint", "from (?:an)?other (?:ip|network|address|vpn)",
        "(?:via|through|with|over) (?:a )?vpn", r"(?:org\w*|company|security|network|image) policy",
        "blocks? (?:the|this|these|certain)", r"\bip (?:range|address|block|restrict)", "public network access",
        "(?:is|are|was|being|ip|gets?) blocked", "blocked by", "restricted network", "from home~work",
    ),
    "told proxy": (
        r"(?<!reverse )(?<!reverse-)(?<!nginx-)(?<!nginx )(?<!behind nginx )\bprox(?:y|ies)\b(?! (?:cache|"
        "registry|repository|reuses|image|server in front))",
        "corporate", "company(?:'s)? (?:network|proxy|firewall|laptop)", "zscaler", "intercept", "https?_proxy",
        "no_proxy", r"\bmitm\b", "office network",
    ),
    "told clock": (
        r"\bclock\b", r"\bntp\b", "drift", "system (?:time|date)",
        "(?:time|date) (?:is|was) (?:wrong|off|behind|ahead|in the)", "wrong (?:time|date)", r"\brtc\b",
        "after (?:a )?(?:suspend|sleep|resume)", "battery",
    ),
    "told narrow token": ("deploy token", r"\brobot", "project (?:access )?token", "job token"),
    "told jwt": (r"\bjwt",),
    "told long push": (
        r"(?:large|big|huge|slow|long)(?:er|est)? (?:\w+ )?(?:image|layer|push|upload|blob)s?",
        r"after (?:\d+|five|ten|fifteen) min", "takes (?:more|longer)",
        "slow (?:line|link|network|connection|uplink)",
    ),
    "told version": (
        "upgrad", "downgrad", "regression", r"since (?:version|v?\d)", "all-scopes token", "after (?:an |the )?update",
        "(?:newer|older|previous|earlier|new|old|different|latest) (?:client|version|release|docker|podman|"
        "tool|cli|helper)",
    ),
    "told tool speaks": (
        r"(?:checker|bot|agent|program|script|updater|renovate)s? (?:\w+ )?(?:sen[dt]s?|asks?|requests?|"
        "ignores?|drops?|never)",
        "does not fall back", r"disabling \w+",
        "(?:tool|client|library|proxy|scanner|app|plugin|action|code|operator|controller|"
        r"updater)(?:'s)? (?:\w+ )?(?:sen[dt]s?|asks?|reuses?|ignores?|builds|requests?|parses?|expects?|"
        "drops?|adds?|never)",
        "as bearer", "(?<!without an )authorization header", r"through the (?:\w+ )?api", "tags/list", "catalog",
    ),
    "told server": (
        r"key pairs?\b", "signing key", "(?:behind|via|by|an?|through|the|has) nginx",
        r"\bnginx(?:-proxy| in front| on | proxy| with | reverse| body| ingress| conf)", "reverse[- ]proxy",
        "traefik", r"\bingress", "token (?:server|service)", r"\brealm", "forwarded", r"\bissuer",
        "load[- ]?balancer", r"in front\b", r"\bapache", "haproxy", r"registry(?:'s)? (?:log\b|config|container)",
        "portus", r"\bdocker_auth\b", "keycloak", "external[_ ]url", r"harbor\.yml", "rootcert",
        "http 200 without", "without any challenge", r"\bcaddy", "token auth", r"\bkong\b", "http secret",
        "replicas", "s3 (?:backend|storage|bucket)", "without an authorization header",
        "behind (?:a |an )?(?:cloudflare|gateway|tunnel)",
    ),
    "told partly anonymous": (
        "allows? (?:an )?anonymous", "anonymous (?:read|policy|access)", r"/v2/?[^;]{0,40}\b200\b",
    ),
    "told github token": (
        "github_token", r"\bghs_", "packages: (?:read|write)", "github packages", "github actions~packages?",
    ),
    "told own registry": (
        "self-managed", "own (?:gitlab|harbor|gitea|nexus)", "self-?hosted", "own registry",
        r"\b(?:zot|harbor|nexus|gitea|forgejo|portus|artifactory|pulp|distribution|minikube registry|registry:2)\b",
        "private registry", "registry container", "local registry",
    ),
    "told cleaned": (
        "garbage", "clean-?up", "purg", "retention", r"\bgc\b", "delet", "prun", "restor", "blob store", "corrupt",
    ),
    "told boot": (r"\bboot", "resolv", r"\bdns\b", "nameserver"),
    "told throttled": (
        "rate[- ]limit", "throttl", "shared (?:ip|runner|address)", "many (?:pulls|jobs|requests)",
        "every (?:minute|few)", r"\bpoll",
    ),
    "told http": (
        "insecure", "without (?:tls|https|a certificate)", "no (?:tls|https|ssl)", "plain[- ]http", "http[- ]only",
    ),
    "told pushes": (
        r"(?<!build-)(?<!ever )(?<!been )(?<!first )(?<!was )(?<!were )\bpush(?:es|ed|ing)?\b(?! (?:was|went) fine)",
        r"publish(?:es|ing)\b", "upload",
    ),
    "told images": (
        r"\brepositor", r"\bclient\b", "harbor", "nexus", r"\bquay", "artifactory", r"\bimages?\b", r"\bpull",
        r"\bpush", "registry", "docker", "ghcr", r"\bpackages?\b", "log ?in", r"\bcharts?\b", "podman", r"\btoken",
        "container", "kubernetes", r"\bhelm\b", "rootless", "daemon",
    ),
}  # fmt: skip

# What works instead tells the most: each row is what it works with, by, for or from.
WORKING: Mapping[str, tuple[str, ...]] = {
    "told anonymous works": (
        r"\banonymous", r"\bwithout (?:a |any )?(?:log|cred|auth)", r"\blog(?:s|ged|ging)? ?out\b",
        r"\b(?:empty|fresh|clean) (?:docker )?config",
        "(?:entry|login|credential)s? (?:is|are|was|were) (?:deleted|removed)",
    ),
    "told works by hand": (
        "by hand", "manual", r"\blocal(?:ly)?\b", "in (?:a|the|its|another|an interactive) shell", "interactive shell",
        r"(?:over|via|through) ssh", r"\bas (?:root|the same user|another user)", r"\bsudo\b",
        r"\bon (?:the|each|every|all|its) (?:same )?(?:host|server|node|machine|instance|box)",
        "on this machine", "on the same machine", "command line", "terminal", r"\bcrictl\b",
        r"\bdocker (?:pull|run|push)\b",
        "same (?:command|pull|push)",
    ),
    "told others can": (
        "every(?:one|body) else", r"\bothers\b", "maintainers?", "colleague", "team ?mates?",
        r"(?:another|other|second|different) (?:\w+ )?(?:person|people|machine|user|host|computer|laptop|place"
        r"|network|pc|"
        r"countr|server|account)", "everywhere", "elsewhere",
    ),
    "told other client": (
        r"\b(?:podman|skopeo|crane|curl|nerdctl|oras|buildah|regctl|containerd|helm|docker|buildx|compose|browser)\b",
        r"\b(?:other|another|different|second) (?:\w+ )?(?:client|tool|builder|librar)", "cli of", "classic builder",
    ),
    "told other version": (
        r"(?<![\w.])v?\d+\.\d+", "regression", "downgrad", "going back", "docker_buildkit=0",
        r"\b(?:older|newer|previous|earlier|new|old|legacy|former|other|another) (?:\w+ )?(?:client|version|docker"
        r"|release|"
        "builder|compose|podman|helm)", r"(?:version|release) (?:before|after)", "upgrad",
    ),
    "told other works": (
        r"(?:other|another|all other|different|public|small(?:er)?|sibling|second|remaining|most"
        r"|some) (?:\w+ )?(?:image|"
        r"package|repositor|chart|tag|project|namespace|job|registr|layer)", "elsewhere",
        r"same (?:user|machine|runner|job|account|token|key|robot)",
    ),
    "told same login works": (r"same (?:%login|pair|settings|file|config\w*|user|account)",),
    "told later works": (
        "in between", r"\bretr(?:y|ies|ied)", r"\bre-?run", r"\bagain\b", r"\blater\b",
        r"(?:few|several|some|second|third|next) (?:more )?"
        "(?:attempt|tr(?:y|ies)|time|minute|hour|day)",
    ),
}  # fmt: skip

_SHORT_FOR = {
    "~": r"(?:[^.;]|\.(?=\S)){0,50}",
    "%login": "(?:tokens?|pats?|credentials?|passwords?|secrets?|keys?|log ?ins?|accounts?|robots?|principals?|auth)",
    "%works": (
        r"\b(?:work(?:s|ed|ing)?|(?:pulls|pushes) (?:the|it|fine|with the same)|succe\w+|pass(?:es|ed)?"
        r"|(?:is|are|was) fine|goes through|is ok|without trouble|readable|can be pulled)\b"
    ),
}
# What somebody wonders or wrongly believes is not a fact.
_HEARSAY = re.compile(
    r"\b(?:whether|believe[sd]?|expect(?:s|ed)|asks? if|thinks?|thought|assume[sd]?|supposedly|wonders?)\b[^.;,]*"
)


def read_context(context: str) -> frozenset[str]:
    """The facts that a text in plain English tells."""
    told = _HEARSAY.sub("", " ".join(context.lower().split()))
    if not told:
        return frozenset()
    clauses = _CLAUSE_END.split(told)
    working = [clause for clause in clauses if _SUCCESS.search(clause) and not _FAILURE.search(clause)]
    using = [clause for clause in working if not _LOGIN_ONLY.match(clause)]
    others = "; ".join(clause for clause in clauses if clause not in working)
    return frozenset(
        {fact for fact in WORDS if _pattern(fact).search(_heard(fact, told, others))}
        | {fact for fact in WORKING if any(_pattern(fact).search(clause) for clause in using)}
    )


def _heard(fact: str, told: str, others: str) -> str:
    """What a row is looked for in: where it fails rather than where it works, and not what says the opposite."""
    if fact == "told login ok":
        return _pattern("told no login").sub(" ", told)
    return others if fact == "told other process" else told


_CLAUSE_END = re.compile(r"[.;,:] |[.;]$|\b(?:but|while|whereas|although|though)\b")
_SUCCESS = re.compile(
    r"\b(?:work(?:s|ed|ing)?|succe\w+|pass(?:es|ed)?|(?:is|are|was|goes|go|went) (?:fine|ok|through|well)|fine|ok"
    r"|helps?|helped|fix(?:es|ed)|cure[sd]?|lets?|without trouble|readable|downloads?|accepted"
    r"|can(?: still)? (?:be )?(?:pull|push|read|fetch|download|access|use|install|see)\w*|could pull"
    r"|(?:pull|push|read|fetch|list)(?:e?s)?\b(?=[^;]*\b(?:same|too|elsewhere|fine|again|any other|anonymously))"
    r"|(?:same|other|others|else|another|maintainers?) (?:\w+ ){0,3}(?:pull|push|read|reach|get|list|fetch)(?:e?s|ed)?"
    r"|(?<![^ ])(?:with|without|on|from) (?:\S+ ){1,4}(?:pulls|pushes|reads)"
    r"|(?:docker|podman|skopeo|crane|oras|\d+\.\d+\S*|by hand|command line) (?:pull|push|read|reach|get|list|fetch)"
    r"(?:e?s|ed))\b"
)
_LOGIN_ONLY = re.compile(
    r"(?!.*\b(?:pull|push|works? |same))(?=.*\b(?:log(?:ged)?[ -]?(?:in|on)"
    r"|sign(?:ed)?[ -]?in)\b)"
)
_FAILURE = re.compile(
    r"\b(?:no longer|not|never|nothing|nor|neither|fail\w*|cannot|denied|refused|broke|wrong|stopped|used to|expected"
    r"|(?:does|do|did|is|are|was|can|could)n't)\b"
)


@cache
def _pattern(fact: str) -> re.Pattern[str]:
    pattern = "|".join(WORDS.get(fact) or WORKING[fact])
    for short, long in _SHORT_FOR.items():
        pattern = pattern.replace(short, long)
    return re.compile(pattern)
