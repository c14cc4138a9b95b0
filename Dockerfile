# The service in a container: `docker build -t model-districts .`
# Made in two stages, so that what installs it is not in it.
ARG PYTHON_IMAGE=python:3.12-slim

FROM ${PYTHON_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_PYTHON=/venv/bin/python PIP_ROOT_USER_ACTION=ignore
RUN ["python", "-m", "venv", "--without-pip", "/venv"]
WORKDIR /srv
COPY requirements.txt ./
RUN ["pip", "install", "--quiet", "--require-hashes", "--requirement", "requirements.txt"]
COPY . ./
RUN pip install --quiet --no-deps --no-build-isolation --editable . \
 && pip uninstall --quiet --yes flit-core \
 && python -m compileall -q app migrations

FROM ${PYTHON_IMAGE}
RUN useradd --uid 10001 --no-create-home --home-dir /srv service \
 && install --directory --owner=10001 --group=10001 /srv/var
COPY --from=build /venv /venv
COPY --from=build /srv /srv
WORKDIR /srv
# /srv/var is all that is written, temporary files too: the rest may be read-only.
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 TMPDIR=/srv/var HOST=0.0.0.0 PORT=8000
USER 10001
EXPOSE 8000
# Without DATABASE_URL the directory is an SQLite file in /srv/var: mount a volume there to keep it.
HEALTHCHECK --start-period=60s CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/readyz', timeout=5)"]
CMD ["model-districts", "serve"]
