"""One module per page family: ask the services at once, build the view, render; redirect after POST."""
