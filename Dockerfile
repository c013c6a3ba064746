# syntax=docker/dockerfile:1
# The dashboard without a browser, a compiler or a secret. Everything but /app/var and /tmp may be read-only.

FROM python:3.11-slim AS packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY requirements.lock /
# Of its own layer: the code changes every week, two gigabytes of packages do not. Wheels alone, each with its checksum.
RUN python -m venv /venv \
    && /venv/bin/pip install --quiet --require-hashes --no-deps --only-binary :all: -r /requirements.lock

FROM python:3.11-slim
RUN groupadd --gid 10001 brain \
    && useradd --uid 10001 --gid brain --no-create-home --home-dir /tmp --shell /usr/sbin/nologin brain
COPY --from=packages /venv /venv
WORKDIR /app
COPY deploy/docker/with-secrets.sh /usr/local/bin/with-secrets
COPY saved_models saved_models
COPY .streamlit/config.toml .streamlit/
COPY streamlit_app.py LICENSE ./
COPY pages pages
COPY brain_core brain_core
# All belongs to root and is only read. What is written lies in /app/var: retrained versions too, by a link.
RUN chmod 0755 /usr/local/bin/with-secrets \
    && /venv/bin/python -m compileall -q brain_core pages streamlit_app.py \
    && install -d -o brain -g brain -m 0700 var var/versions \
    && ln -s ../var/versions saved_models/versions

# Two arenas: otherwise each of Streamlit's threads keeps memory of its own.
ENV PATH=/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    HOME=/tmp MPLCONFIGDIR=/tmp/matplotlib KERAS_HOME=/tmp/keras \
    TF_CPP_MIN_LOG_LEVEL=2 MALLOC_ARENA_MAX=2 \
    BRAIN_HOME=/app/var
USER 10001:10001
VOLUME /app/var
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
ENTRYPOINT ["with-secrets"]
# Refuses to start where nobody would have to sign in; docs/deployment.md says what to set.
CMD ["python", "-m", "brain_core", "serve", "--address", "0.0.0.0", "--port", "8501"]
