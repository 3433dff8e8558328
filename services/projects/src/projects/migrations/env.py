from kit.migrations import run

from projects.models import Base

run(Base.metadata)
