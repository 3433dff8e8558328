"""Projects, collaborations, workspaces and repos."""
