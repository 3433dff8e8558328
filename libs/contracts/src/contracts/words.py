"""First path segments that no project or workspace may take, because a fixed page answers there."""

RESERVED_PROJECT_SLUGS = frozenset(
    """
    api applications apply choices complete enter-your-name event-list event-log files fragments health
    health-check job-requests jobs live login logout metrics organisations orgs projects publish-repo
    repo robots.txt search settings staff static status ui-components users workspaces favicon.ico
    """.split()
)

RESERVED_WORKSPACE_NAMES = frozenset({"edit", "logs", "new-workspace", "releases", "fragments"})
