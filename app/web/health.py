"""/healthz: the process lives. /readyz: it can answer, by the checks that main hands in."""

from collections.abc import Callable, Mapping
from typing import Literal

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from app.web.parameters import takes_no_parameters
from app.web.problem_types import responses
from app.web.problems import problem


class Health(BaseModel):
    """The state of this process."""

    status: Literal["ok"] = Field(description="ok, or the request would have failed.")


def health_routes(checks: Callable[[Request], Mapping[str, Callable[[], None]]]) -> APIRouter:
    """The two addresses. A check raises if what it looks at is not well."""
    router = APIRouter(tags=["operation"], dependencies=[Depends(takes_no_parameters)])

    @router.get(
        "/healthz",
        summary="Is the process alive?",
        operation_id="get_health",
        response_description="It is.",
        responses=responses(400),
    )
    async def healthz() -> Health:
        """Answers as long as the process can answer at all. For a supervisor that restarts what does not."""
        return Health(status="ok")

    @router.get(
        "/readyz",
        summary="Can it answer?",
        operation_id="get_readiness",
        response_model=Health,
        response_description="It can.",
        responses=responses(400, 503),
    )
    async def readyz(request: Request) -> Response | Health:
        """Looks at the database and the index. For a balancer that sends requests only to those that can answer them."""
        for name, check in checks(request).items():
            try:
                check()
            except Exception as error:
                return problem(
                    request,
                    503,
                    f"{name} is not ready: {type(error).__name__}",
                    headers={"Retry-After": "5"},
                )
        return Health(status="ok")

    return router
