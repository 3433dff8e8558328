from kit.migrations import run

from jobs.models import Base

run(Base.metadata)
