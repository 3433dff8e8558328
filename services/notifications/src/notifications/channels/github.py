"""Output-checking issues: created once, commented once, labelled, closed; every step may be repeated."""

from typing import Any

from kit.errors import AppError
from kit.github import GitHub, Issue
from kit.logging import get
from messaging.uow import Units
from sqlalchemy.dialects.postgresql import insert

from notifications.channels import Failed
from notifications.models import Delivery, GitHubIssue
from notifications.render import for_github
from notifications.settings import Settings

log = get()
STATUS_LABELS = frozenset({"Pending review", "Under review", "With requester"})


class GitHubChannel:
    def __init__(self, settings: Settings, units: Units, *, timeout: float = 5) -> None:
        self._settings = settings
        self._units = units
        self._github = GitHub(settings.github_api_url, settings.jobserver_github_token, timeout=timeout)

    async def close(self) -> None:
        await self._github.close()

    async def send(self, delivery: Delivery) -> str | None:
        """Where it can be seen. Raises Failed.

        A missing issue is created first, but never only to be closed (N23).
        """
        context = delivery.context
        try:
            issue = await self._issue(context)
            if issue is None:
                return None
            if context["action"] == "create":
                return issue.url
            url = await self._comment(issue, delivery)
            await self._label(issue, context)
        except AppError as exc:
            raise Failed(exc.detail) from exc
        return url

    def repository(self, context: dict[str, Any]) -> tuple[str, str]:
        """Airlock's own choice, an organisation's, or the default (N20)."""
        settings = self._settings
        if context["org"] and context["repo"]:
            return context["org"], context["repo"]
        chosen = [
            settings.output_checking_repos[o] for o in context["orgs"] if o in settings.output_checking_repos
        ]
        if chosen:
            owner, _, name = chosen[-1].partition("/")
            return owner, name
        return settings.default_output_checking_github_org, settings.default_output_checking_github_repo

    async def _issue(self, context: dict[str, Any]) -> GitHubIssue | None:
        request = context["request"]
        async with self._units() as uow:
            if known := await uow.session.get(GitHubIssue, request):
                return known
        owner, repo = self.repository(context)
        # An earlier try may have made it and died before writing its number down.
        issue = await self._github.search_issue(owner, repo, _title(context))
        if issue is None and context["action"] == "close":
            return None
        issue = issue or await self._create(owner, repo, context)
        made = GitHubIssue(request=request, org=owner, repo=repo, number=issue.number, url=issue.url)
        async with self._units() as uow:
            values = {n: getattr(made, n) for n in ("request", "org", "repo", "number", "url")}
            await uow.session.execute(insert(GitHubIssue).values(values).on_conflict_do_nothing())
        return made

    async def _create(self, owner: str, repo: str, context: dict[str, Any]) -> Issue:
        internal = self._settings.internal_org in context["author_orgs"]
        wanted = ["internal" if internal else "external", "Pending review"]
        existing = await self._github.labels(owner, repo)
        if missing := STATUS_LABELS - existing:
            log.error("expected labels are missing", repo=f"{owner}/{repo}", missing=sorted(missing))
        return await self._github.create_issue(
            owner,
            repo,
            title=_title(context),
            body=self._body(context),
            labels=[label for label in wanted if label in existing],
        )

    def _body(self, context: dict[str, Any]) -> str:
        base = self._settings.base_url.rstrip("/")
        repo_name = str(context["repo_url"]).rstrip("/").rsplit("/", 1)[-1]
        workspace, author = context["workspace"], for_github(context["author_name"])
        return "\n".join(
            [
                f"Requested by: [{author}]({base}/staff/users/{context['author']}/)",
                f"Release request ID: {for_github(context['request'])}",
                f"GitHub repo: [{repo_name}]({context['repo_url']})",
                f"Workspace: [{workspace}]({base}/{context['project']}/{workspace}/)",
                "",
                "**When you start a review please react to this issue with :eyes:. "
                "When you have completed your review add a :thumbsup:.**",
            ]
        )

    async def _comment(self, issue: GitHubIssue, delivery: Delivery) -> str:
        """Its address; one that an earlier try left is taken for this one."""
        context = delivery.context
        marker = f"<!-- delivery:{delivery.key} -->"
        if delivery.attempts > 1:
            comments = await self._github.comments(issue.org, issue.repo, issue.number)
            for body, url in comments:
                if marker in body:
                    return url
        lines = [for_github(line) for line in context["lines"]]
        if context["action"] == "close":
            text = f"Issue closed: {lines[0]}"
        else:
            text = "Release request updated:\n" + "\n".join(f"- {line}" for line in lines)
        return await self._github.comment(issue.org, issue.repo, issue.number, f"{text}\n\n{marker}")

    async def _label(self, issue: GitHubIssue, context: dict[str, Any]) -> None:
        now = await self._github.issue_labels(issue.org, issue.repo, issue.number)
        labels = now - STATUS_LABELS
        if context["label"]:
            labels |= {context["label"]}
        state = "closed" if context["action"] == "close" else None
        await self._github.set_issue(issue.org, issue.repo, issue.number, labels=sorted(labels), state=state)


def _title(context: dict[str, Any]) -> str:
    return f"{context['workspace']} {context['request']}"
