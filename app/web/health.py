"""/healthz: the process is alive. /readyz: it can answer, by the checks that main hands over."""

from collections.abc import Callable, Mapping
from typing import Literal

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from app.web.parameters import takes_no_parameters
from app.web.problem_types import responses
from app.web.problems import problem

Checks = Callable[[Request], Mapping[str, Callable[[], None]]]


class Health(BaseModel):
    """The state of this process."""

    status: Literal["ok"] = Field(description="Always `ok`; otherwise the request fails.")


def health_routes(checks: Checks) -> APIRouter:
    """Both endpoints. `checks`: by the name of what is checked, a function that raises if it fails."""
    router = APIRouter(tags=["operation"], dependencies=[Depends(takes_no_parameters)])

    @router.get(
        "/healthz",
        summary="Check that the process is alive",
        operation_id="get_health",
        response_description="The process is alive.",
        responses=responses(400),
    )
    async def healthz() -> Health:
        """For a supervisor that restarts a process which does not answer."""
        return Health(status="ok")

    @router.get(
        "/readyz",
        summary="Check that the service can answer",
        operation_id="get_readiness",
        response_model=Health,
        response_description="The service can answer.",
        responses=responses(400, 503),
    )
    async def readyz(request: Request) -> Response | Health:
        """Checks the database and the index. For a balancer that sends requests only to machines
        that can answer them."""
        for name, check in checks(request).items():
            try:
                check()
            except Exception as error:
                detail = f"{name} is not ready: {type(error).__name__}. Try again in 5 seconds."
                return problem(request, 503, detail, headers={"Retry-After": "5"})
        return Health(status="ok")

    return router
