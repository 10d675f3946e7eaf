# Triton with what our models import. `build` makes the models for this CPU into /models, without a
# network; `serve` serves them. The base may be NVIDIA's image (Python 3.12 since 24.11) or any with
# Python 3.11 or 3.12, such as python:3.11-slim: then the server of the nvidia-pytriton wheel serves.
ARG TRITON_BASE_IMAGE=nvcr.io/nvidia/tritonserver:24.12-py3
FROM ${TRITON_BASE_IMAGE}
# Debian's Python comes without the library that the models' processes load.
RUN library=$(python3 -c 'import sys; print("libpython%d.%d" % sys.version_info[:2])') \
    && if ! ldconfig -p | grep -q "$library"; then \
         apt-get update && apt-get install -y --no-install-recommends "$library" && rm -rf /var/lib/apt/lists/*; \
       fi
# Two environments: the command's, and the models' with its older numpy.
COPY requirements.lock infra/triton/environment.lock /tmp/
RUN --mount=type=cache,target=/root/.cache/pip \
    for name in requirements environment; do \
      python3 -m venv --without-pip "/opt/$name" \
      && python3 -m pip --python "/opt/$name/bin/python" install --require-hashes --no-deps -r "/tmp/$name.lock" || exit 1; \
    done
WORKDIR /app
COPY schemas schemas
COPY topics topics
COPY services services
COPY infra infra
ENV SLUICE_CACHE_HOME=/models \
    SLUICE_MODELS_ENVIRONMENT=/opt/environment \
    SLUICE_MODELS_WEIGHTS=/opt/weights \
    PYTHONPATH=/app \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
RUN /opt/requirements/bin/python -m infra.triton.environment /opt/environment \
    && /opt/requirements/bin/python -m services.cli.main models build --fetch-only
RUN useradd --system --uid 10001 --home-dir /nonexistent sluice && mkdir /models && chown sluice /models
USER sluice
EXPOSE 8000 8001 8002
ENTRYPOINT ["/app/infra/docker/triton.sh"]
CMD ["serve"]
