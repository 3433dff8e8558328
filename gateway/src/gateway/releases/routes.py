"""Released files."""

from starlette.routing import Route

from gateway.releases.pages import Releases
from gateway.web.site import Site


def routes(site: Site) -> list[Route]:
    releases, work = Releases(site), "/{project}/{workspace}/releases"
    return [
        site.get("/files/{file_id}/content/", releases.content),
        site.get(f"{work}/", releases.of_workspace),
        site.get(f"{work}/fragments/rows/", releases.rows),
        site.get(f"{work}/{{release}}/", releases.release),
        site.get(f"{work}/{{release}}/fragments/title/", releases.title),
        site.get(f"{work}/{{release}}/fragments/files/", releases.files),
        site.get(f"{work}/{{release}}/download/", releases.archive),
        site.get(f"{work}/{{release}}/{{file:path}}", releases.release),
    ]
