"""Every e-mail, Slack message and GitHub issue, and whether it arrived."""
