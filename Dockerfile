# docker build --tag reconciler .
# docker run --rm --read-only --volume "$PWD:/work:ro" --env AWS_REGION reconciler plan
# docs/ci.md says more. PYTHON takes a digest too: --build-arg PYTHON=3.11-slim-bookworm@sha256:…
ARG PYTHON=3.11-slim-bookworm

FROM python:${PYTHON} AS build
# Where states lie that are in Google Cloud Storage or Azure, add them: --build-arg EXTRAS=opentofu,gcs,azurerm
ARG EXTRAS=opentofu
WORKDIR /build
COPY pyproject.toml README.md LICENSE ./
COPY docs docs
COPY plugins plugins
COPY reconciler reconciler
RUN pip wheel --disable-pip-version-check --no-cache-dir --no-deps --wheel-dir /wheels .
# No pip in the image. Compiled once, here: nothing could be written at run time, and the sources do not move any more.
RUN python -m venv --without-pip /opt/reconciler \
    && pip --disable-pip-version-check --python /opt/reconciler/bin/python install --no-cache-dir --no-compile \
    "$(echo /wheels/*.whl)${EXTRAS:+[$EXTRAS]}" \
    && /opt/reconciler/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/reconciler/lib

FROM python:${PYTHON}
# `--changed-since`, `.gitignore` and the resolver `git` take git: --build-arg PACKAGES=git
ARG PACKAGES=""
RUN if [ -n "$PACKAGES" ]; then \
    apt-get update && apt-get install --yes --no-install-recommends $PACKAGES && rm -rf /var/lib/apt/lists/*; fi
COPY --from=build /opt/reconciler /opt/reconciler
# The one folder that is written to: caches, and temporary files of what is large. As a volume it can be written to where
# the root file system cannot (`--read-only`, `readonlyRootFilesystem`), by any user, as /tmp can.
RUN install --directory --mode=1777 /scratch
VOLUME ["/scratch"]
ENV PATH=/opt/reconciler/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/scratch \
    TMPDIR=/scratch \
    XDG_CACHE_HOME=/scratch/cache
WORKDIR /work
USER 10001:10001
# `docker stop` and ECS detach as Ctrl-C does: a rollout goes on. Process 1 would not hear a SIGTERM that it does not handle.
STOPSIGNAL SIGINT
ENTRYPOINT ["reconciler"]
CMD ["--help"]
