"""/healthz: the process is alive. /readyz: it can answer, by the checks that main hands over.

Neither waits for a thread that others use, and neither takes longer than two seconds.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Literal, NamedTuple

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from app.errors import Refusal
from app.web.parameters import takes_no_parameters
from app.web.problem_types import responses
from app.web.problems import problem
from app.web.state import resource

READY_SECONDS = 1.8  # for all checks together
AGAIN_SECONDS = 5
INDEX = "index"

Check = Callable[[], str | None]  # raises if it fails; may return a warning


class Health(BaseModel):
    """The state of this process."""

    status: Literal["ok"] = Field(description="Always `ok`; otherwise the request fails.")


class Ready(Health):
    """Whether this process can answer."""

    warnings: list[str] = Field(
        description="Problems that do not affect answers yet but need the operator; usually empty."
    )


class Findings(NamedTuple):
    """What the checks found."""

    failure: str | None
    warnings: list[str]


class Readiness:
    """Runs the checks, by the name of what is checked, in a thread of its own.

    Requests that come while they run share what they find. `follow` lets the index catch up, and
    raises Refusal if it cannot.
    """

    def __init__(self, checks: Mapping[str, Check], follow: Callable[[], Awaitable[None]]) -> None:
        self._checks, self._follow = checks, follow
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="readiness")
        self._run: Future[Findings] | None = None
        self._checking = ""  # the name of the check in progress

    async def findings(self) -> Findings:
        """What the checks find, or after READY_SECONDS that one of them does not end."""
        if self._run is None or self._run.done():
            self._run = self._thread.submit(self._check)
        try:
            async with asyncio.timeout(READY_SECONDS):
                findings = await asyncio.shield(asyncio.wrap_future(self._run))
                self._checking = INDEX
                await self._follow()
                return findings
        except TimeoutError:
            return Findings(f"{self._checking} is not ready: it does not answer", [])
        except Refusal as refusal:
            return Findings(f"{INDEX} is not ready: {refusal}", [])

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _check(self) -> Findings:
        warnings: list[str] = []
        for name, check in self._checks.items():
            self._checking = name
            try:
                warning = check()
            except Refusal as refusal:
                return Findings(f"{name} is not ready: {refusal}", warnings)
            except Exception as error:
                return Findings(f"{name} is not ready: {type(error).__name__}", warnings)
            if warning:
                warnings.append(warning)
        return Findings(None, warnings)


def health_routes() -> APIRouter:
    """Both endpoints."""
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
        response_model=Ready,
        response_description="The service can answer.",
        responses=responses(400, 503),
    )
    async def readyz(request: Request) -> Response | Ready:
        """Checks, in two seconds at most, that the database can be read and written, that its file
        is still the one that was opened, and that the index follows it. For a balancer that sends
        requests only to machines that can answer them. Public reads go on from memory meanwhile."""
        findings = await resource(request, Readiness).findings()
        if findings.failure:
            detail = f"{findings.failure.rstrip('.')}. Try again in {AGAIN_SECONDS} seconds."
            return problem(request, 503, detail, headers={"Retry-After": str(AGAIN_SECONDS)})
        return Ready(status="ok", warnings=findings.warnings)

    return router
