"""Words that no project's slug (first in an address, P7) or workspace's name (second, P9) may be."""

RESERVED_PROJECT_SLUGS = frozenset(
    """
    api applications apply choices complete enter-your-name event-list event-log files fragments health
    health-check job-requests jobs live login logout metrics organisations orgs projects publish-repo
    repo robots.txt search settings staff static status ui-components users workspaces favicon.ico
    """.split()
)

RESERVED_WORKSPACE_NAMES = frozenset({"edit", "logs", "new-workspace", "releases", "fragments"})
