from kit.migrations import run

from releases.models import Base

run(Base.metadata)
