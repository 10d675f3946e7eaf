# One image for every service: the command says which.
ARG BASE_IMAGE=python:3.11-slim
FROM ${BASE_IMAGE} AS build
# --copies and a fixed path: the environment is moved to the next stage as it is.
RUN python3 -m venv --copies /opt/venv
COPY requirements.lock /tmp/requirements.lock
RUN --mount=type=cache,target=/root/.cache/pip \
    /opt/venv/bin/pip install --require-hashes --no-deps -r /tmp/requirements.lock

ARG BASE_IMAGE
FROM ${BASE_IMAGE}
RUN useradd --system --uid 10001 --home-dir /nonexistent sluice \
    && mkdir -p /var/lib/sluice && chown sluice /var/lib/sluice
COPY --from=build /opt/venv /opt/venv
WORKDIR /app
COPY schemas schemas
COPY topics topics
COPY services services
COPY infra/__init__.py infra/__init__.py
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    SLUICE_HEALTH_HOST=0.0.0.0 \
    SLUICE_HEALTH_PORT=8080 \
    SLUICE_STATE_DIR=/var/lib/sluice
USER sluice
EXPOSE 8080
HEALTHCHECK --interval=5s --timeout=3s --start-period=60s --retries=12 \
    CMD ["python3", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/health/ready', timeout=2)"]
ENTRYPOINT ["python3", "-m"]
CMD ["services.intake"]
