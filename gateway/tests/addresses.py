"""Where the samples are on the site."""

RELEASE_ID = "01RELEASE0000000000000000A"
WORK = "/study/study-ws/"
ONE = f"{WORK}7/"
RELEASE = f"{WORK}releases/{RELEASE_ID}/"
