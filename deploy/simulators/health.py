"""What both simulators answer to those who ask whether they run."""

from fastapi import APIRouter

router = APIRouter(prefix="/health", tags=["health"])


@router.get("/live", summary="The process runs")
async def live() -> dict[str, str]:
    """It answers, so it runs."""
    return {"status": "live"}


@router.get("/ready", summary="It takes requests")
async def ready() -> dict[str, str]:
    """A simulator depends on nothing."""
    return {"status": "ready"}
